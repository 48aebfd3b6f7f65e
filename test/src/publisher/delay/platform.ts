import { CreateScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { SNSClient } from '@aws-sdk/client-sns';
import { type AcceptedPublish, type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../../local/aws/isolatedAws.ts';
import { schedulerApi } from '../../../../local/aws/scheduler/api.ts';
import { type Scheduler, startScheduler } from '../../../../local/aws/scheduler/scheduler.ts';
import type { Clock } from '../../../../src/publisher/clock.ts';
import { createPublisher, type Publisher, type PublisherOptions } from '../../../../src/publisher/index.ts';
import { virtualClock } from '../../../local/aws/virtualClock.ts';
import type { TestJobs } from '../testJobs.ts';

/** A platform's topic and its schedules on the real engine, in virtual time. */
export interface DelayPlatform {
  readonly engine: Engine;
  readonly scheduler: Scheduler;
  readonly topicArn: string;
  readonly sns: SNSClient;
  readonly time: ReturnType<typeof virtualClock>;
  /** What the topic has got, as text: `jobId: message`, in that order. */
  readonly published: AcceptedPublish[];
  /** A publisher that knows nothing but its topic and its SNS client. */
  publisher(options?: Partial<PublisherOptions>, clock?: Clock): Publisher<TestJobs>;
  /** What the schedule of a job would publish. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON, of which a test looks at a part
  inputOf(name: string): any;
  close(): Promise<void>;
}

export async function startDelayPlatform(startsAt: string): Promise<DelayPlatform> {
  const time = virtualClock(startsAt);
  const published: AcceptedPublish[] = [];
  const engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  engine.onPublish((publish) => published.push(publish));
  const { TopicArn: topicArn } = await engine.sns('CreateTopic', { Name: 'jobs-dev' });
  const scheduler = startScheduler({ engine, clock: time.clock, onFiring: () => {}, onWarning: () => {} });
  engine.answerScheduler(schedulerApi(scheduler, time.clock.now));
  const config = { endpoint: engine.endpoint, region: 'us-east-1', credentials };
  const client = new SchedulerClient(config);
  await client.send(new CreateScheduleGroupCommand({ Name: 'jobs-dev-once' }));
  client.destroy();
  const sns = new SNSClient(config);
  const virtual: Clock = { now: time.clock.now, sleep: async () => undefined, random: () => 0.5 };
  return {
    engine,
    scheduler,
    topicArn,
    sns,
    time,
    published,
    publisher: (options = {}, clock = virtual) =>
      createPublisher<TestJobs>({ topicArn, client: sns, ...options }, clock),
    inputOf: (name) => JSON.parse(scheduler.schedule('jobs-dev-once', name).schedule.Target.Input ?? ''),
    async close() {
      await scheduler.stop();
      sns.destroy();
      await engine.stop();
    },
  };
}
