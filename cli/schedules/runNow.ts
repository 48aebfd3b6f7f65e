import { CommandError, type End } from '../outcome.ts';
import { recurringSchedule } from './group.ts';
import { publishAt } from './publishOf.ts';
import type { Session } from './session.ts';

/** Publishes what a schedule publishes, now, as a job of its own. Its rhythm stays as it is, paused or not. */
export async function runNow(session: Session, name: string, { json }: { json?: boolean }): Promise<End> {
  const { topicArn, clientConfig } = session.target;
  const schedule = await recurringSchedule(session, name);
  const publish = publishAt(schedule, new Date());
  if (publish === undefined) {
    throw new CommandError(`the schedule '${name}' publishes no job: somebody made it by hand`);
  }
  const [{ SNSClient }, { sendBatch }, { systemClock }, { uuidv7Maker }] = await Promise.all([
    import('@aws-sdk/client-sns'),
    import('../../src/publisher/send.ts'),
    import('../../src/publisher/clock.ts'),
    import('../../src/publisher/uuid.ts'),
  ]);
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
