import { randomUUID } from 'node:crypto';
import { UpdateScheduleCommand, type UpdateScheduleCommandInput } from '@aws-sdk/client-scheduler';
import { SNSClient } from '@aws-sdk/client-sns';
import { filledIn } from '../../src/message/scheduledPublish.ts';
import { systemClock } from '../../src/publisher/clock.ts';
import { sendBatch } from '../../src/publisher/send.ts';
import { uuidv7Maker } from '../../src/publisher/uuid.ts';
import { nextFirings } from '../../src/schedule/firings.ts';
import { CommandError, type End } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { instantText } from '../text.ts';
import { publishOf, recurringSchedule, type Schedule } from './schedule.ts';
import { type Session, withSchedules } from './session.ts';

export async function pause(name: string, options: TargetOptions): Promise<void> {
  await withSchedules('pause', options, (session) => setState(session, name, 'DISABLED'));
}

export async function resume(name: string, options: TargetOptions): Promise<void> {
  await withSchedules('resume', options, (session) => setState(session, name, 'ENABLED'));
}

/** Pauses or resumes a recurring schedule. Pausing a paused one, or resuming one that fires, does nothing. */
async function setState(session: Session, name: string, state: 'ENABLED' | 'DISABLED'): Promise<End> {
  const schedule = await recurringSchedule(session, name);
  const done = state === 'DISABLED' ? 'paused' : 'resumed';
  if ((schedule.State ?? 'ENABLED') === state) {
    console.log(state === 'DISABLED' ? `${name} is paused already` : `${name} is not paused`);
    return 'done';
  }
  const now = new Date();
  await session.scheduler.send(new UpdateScheduleCommand({ ...withStartAhead(schedule, now), State: state }));
  console.log(`${done} ${name}`);
  return 'done';
}

/**
 * All properties of a schedule, because an update replaces it. Scheduler refuses a start more than five minutes in the past:
 * a cron expression needs no start then, and a rate keeps its rhythm by a start at its next firing.
 */
export function withStartAhead(schedule: Schedule, now: Date): UpdateScheduleCommandInput {
  const { Arn: _arn, CreationDate: _created, LastModificationDate: _modified, ...rest } = schedule;
  const { $metadata: _metadata, StartDate: start, ...kept } = rest as typeof rest & { $metadata: unknown };
  return { ...(kept as UpdateScheduleCommandInput), StartDate: start && startFrom(schedule, start, now) };
}

function startFrom(schedule: Schedule, start: Date, now: Date): Date | undefined {
  if (start > now) return start;
  const {
    ScheduleExpression: expression = '',
    ScheduleExpressionTimezone: timezone,
    EndDate: end,
  } = schedule;
  if (!expression.startsWith('rate(')) return undefined;
  return nextFirings({ expression, timezone, start, end }, now, 1)[0];
}

interface RunNowOptions extends TargetOptions {
  readonly json?: boolean;
}

export async function runNow(name: string, options: RunNowOptions): Promise<void> {
  await withSchedules('run-now', options, (session) => publishNow(session, name, options));
}

/** Publishes a schedule's job now, under a new ID. When the schedule fires next does not change, and it may be paused. */
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

/** What a schedule would publish at that time; undefined where that is no job. */
function publishAt(schedule: Schedule, at: Date): ReturnType<typeof publishOf> {
  const { Arn = '', Target } = schedule;
  if (Target?.Input === undefined) return undefined;
  const Input = filledIn(Target.Input, {
    'scheduled-time': instantText(at),
    'schedule-arn': Arn,
    'execution-id': randomUUID(),
    'attempt-number': '1',
  });
  return publishOf({ ...schedule, Target: { ...Target, Input } });
}
