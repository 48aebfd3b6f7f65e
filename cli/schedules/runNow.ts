import { SNSClient } from '@aws-sdk/client-sns';
import { systemClock } from '../../src/publisher/clock.ts';
import { sendBatch } from '../../src/publisher/send.ts';
import { uuidv7Maker } from '../../src/publisher/uuid.ts';
import { CommandError, type End } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { publishAt, recurringSchedule } from './schedule.ts';
import { type Session, withSchedules } from './session.ts';

interface RunNowOptions extends TargetOptions {
  readonly json?: boolean;
}

export async function runNow(name: string, options: RunNowOptions): Promise<void> {
  await withSchedules('run-now', options, (session) => publishNow(session, name, options));
}

/** Publishes what a schedule publishes, now, as a job of its own. Its rhythm stays as it is, paused or not. */
async function publishNow(session: Session, name: string, { json }: RunNowOptions): Promise<End> {
  const { topicArn, clientConfig } = session.target;
  const schedule = await recurringSchedule(session, name);
  const publish = publishAt(schedule, new Date());
  if (publish === undefined) {
    throw new CommandError(`the schedule '${name}' publishes no job: somebody made it by hand`);
  }
  const jobId = uuidv7Maker()();
  const attributes = { ...publish.attributes, jobId: { DataType: 'String', StringValue: jobId } };
  const message = { ...publish, jobId, attributes, bytes: 0 };
  const [result] = await sendBatch(new SNSClient(clientConfig), topicArn, [message], systemClock);
  if (result?.status !== 'published')
    throw result?.status === 'failed' ? result.error : new Error('no result');
  const { jobName } = publish;
  const { messageId } = result;
  console.log(
    json
      ? JSON.stringify({ status: 'published', schedule: name, jobName, jobId, messageId })
      : `published ${jobName} ${jobId} (message ${messageId})`,
  );
  return 'done';
}
