import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { localCredentials } from '../local/aws/isolatedAws.ts';
import { createPublisher } from '../src/publisher/index.ts';
import { startEngineProcess } from './engineProcess.ts';
import type GreetingJob from './jobs/GreetingJob.ts';
import { interleavedRatio, type Measure } from './measure.ts';

const messages = 2000;

/** The publisher against SNS in another process, over HTTP. */
export const publishMeasures: Measure[] = [
  {
    name: 'publish-all',
    peer: 'publish, one at a time',
    target: '≥ 5',
    of: `messages per second, ${messages} messages`,
    ratio: publishRatio,
  },
];

async function publishRatio(): Promise<number> {
  const engine = await startEngineProcess();
  const client = new SNSClient({
    endpoint: engine.endpoint,
    region: 'us-east-1',
    credentials: localCredentials,
  });
  try {
    const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: 'bench' }));
    const publisher = createPublisher<{ GreetingJob: typeof GreetingJob }>({ topicArn: TopicArn, client });
    const payload = { friendName: 'Hank' };
    const oneAtATime = async (): Promise<void> => {
      for (let index = 0; index < messages; index++) await publisher.publish('GreetingJob', payload);
    };
    const items = Array.from({ length: messages }, () => ({ job: 'GreetingJob' as const, payload }));
    return await interleavedRatio(oneAtATime, () => publisher.publishAll(items), { rounds: 5 });
  } finally {
    client.destroy();
    await engine.stop();
  }
}
