import { createHash } from 'node:crypto';
import type {
  CreateScheduleCommandInput,
  GetScheduleCommandOutput,
  UpdateScheduleCommandInput,
} from '@aws-sdk/client-scheduler';
import { durationSeconds } from '../../job/duration.ts';
import { deadLetterRetention, fileRetention, queueRetention } from '../../job/retention.ts';
import type { MessageAttributes } from '../../message/limits.ts';
import { isPointer } from '../../message/pointer.ts';
import {
  attributeText,
  maxInputBytes,
  publishInput,
  publishTargetArn,
  readPublish,
  retryPolicy,
  type ScheduledPublish,
  withoutKeywords,
} from '../../message/scheduledPublish.ts';
import { instantOf } from '../../schedule/timeZone.ts';
import { DelayTooLargeError, InvalidDelayError } from '../errors.ts';
import type { PlatformSchedules } from './platformSchedules.ts';

/** A message that has passed every check and is to be published later. */
export interface DelayedMessage {
  readonly jobName: string;
  readonly jobId: string;
  /** JSON. */
  readonly body: string;
  /** Attributes of the type String, `jobName` and `jobId` among them. */
  readonly attributes: MessageAttributes;
  readonly group?: string | undefined;
  /** Whether its time was given as a delay. The same message, given again a moment later, then keeps its first time. */
  readonly isFromNow?: boolean | undefined;
}

/** A job that is published at a time. `at` is in whole seconds, and Scheduler publishes within the minute after it. */
export interface DelayedJob {
  readonly jobName: string;
  readonly jobId: string;
  readonly at: Date;
}

/**
 * The name of a job's schedule: the jobId, so that people find it in AWS's
 * console, or its hash where it cannot be a name.
 */
export function onceScheduleName(jobId: string): string {
  return /^[\w.-]{1,64}$/.test(jobId) ? jobId : createHash('sha256').update(jobId).digest('hex');
}

/**
 * A time, rounded up to whole seconds, because Scheduler refuses fractions.
 * @throws {InvalidDelayError} when it is in the past, or not a date
 */
export function timeAhead(job: Partial<DelayedJob>, at: Date, now: number): Date {
  const time = new Date(Math.ceil(at.getTime() / 1000) * 1000);
  if (Number.isNaN(time.getTime()) || time.getUTCFullYear() > 9999) {
    throw new InvalidDelayError(job, 'its time is not a date up to the year 9999. Give a Date');
  }
  if (at.getTime() > now) return time;
  const problem = `its time, ${at.toISOString()}, is past. Publish it without a delay, or choose a later time`;
  throw new InvalidDelayError(job, problem);
}

/**
 * The schedule that publishes a message at a time and then deletes itself.
 * @throws {DelayTooLargeError}
 */
export function onceSchedule(
  platform: PlatformSchedules,
  message: DelayedMessage,
  at: Date,
): CreateScheduleCommandInput {
  const { jobName, jobId } = message;
  const Input = onceInput(platform.topicArn, message);
  const bytes = Buffer.byteLength(Input);
  if (bytes > maxInputBytes) throw new DelayTooLargeError(message, bytes, maxInputBytes);
  return {
    GroupName: platform.onceGroup,
    Name: onceScheduleName(jobId),
    Description: `Publishes the job ${jobName} once`,
    ...timing(at),
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: {
      Arn: publishTargetArn,
      RoleArn: platform.roleArn,
      Input,
      DeadLetterConfig: { Arn: platform.deadLetterQueueArn },
      RetryPolicy: retryPolicy,
    },
  };
}

/** The input of a message's schedule. It holds the body as JSON in JSON. */
export function onceInput(
  topicArn: string,
  { body, attributes, group }: Pick<DelayedMessage, 'body' | 'attributes' | 'group'>,
): string {
  const texts = Object.entries(attributes).map(
    ([name, { StringValue = '' }]) => [name, StringValue] as const,
  );
  return publishInput({
    topicArn,
    body: withoutKeywords(body),
    attributes: Object.fromEntries(texts),
    group,
  });
}

/**
 * How far in the future a job may be whose payload is in S3, in milliseconds. The files bucket must keep the payload
 * through Scheduler's retries, the job's queue and its dead-letter queue.
 */
export const longestOffloadedDelayMs =
  1000 *
  (durationSeconds(fileRetention) -
    retryPolicy.MaximumEventAgeInSeconds -
    durationSeconds(queueRetention) -
    durationSeconds(deadLetterRetention));

/** @throws {InvalidDelayError} when a job's payload is in S3 and would be deleted before the job has ended */
export function checkPayloadLasts(
  schedule: GetScheduleCommandOutput,
  job: Partial<DelayedJob>,
  at: Date,
): void {
  const { CreationDate, Target } = schedule;
  if (CreationDate === undefined || !isPointer(payloadOf(readPublish(Target?.Input)))) return;
  const last = new Date(CreationDate.getTime() + longestOffloadedDelayMs);
  if (at <= last) return;
  const problem = `its payload is in S3, where it is kept long enough for a time up to ${last.toISOString()}. Cancel it, and publish it anew`;
  throw new InvalidDelayError(job, problem);
}

/** The same schedule at another time. An update replaces the whole schedule, so it must hold everything. */
export function movedTo(schedule: GetScheduleCommandOutput, at: Date): UpdateScheduleCommandInput {
  const { GroupName, Name, Description, State, FlexibleTimeWindow, ActionAfterCompletion, Target } = schedule;
  return {
    ...{ GroupName, Name, Description, State, FlexibleTimeWindow, ActionAfterCompletion, Target },
    ...timing(at),
  };
}

/**
 * The job that a schedule publishes, and when. Undefined for a schedule that somebody made by hand for something else.
 */
export function delayedJobOf(schedule: GetScheduleCommandOutput): DelayedJob | undefined {
  const { ScheduleExpression = '', ScheduleExpressionTimezone = 'UTC', Target } = schedule;
  const wallTime = Date.parse(`${/^at\((.*)\)$/.exec(ScheduleExpression)?.[1]}Z`);
  const publish = readPublish(Target?.Input);
  const [jobName, jobId] = [attributeText(publish, 'jobName'), attributeText(publish, 'jobId')];
  if (Number.isNaN(wallTime) || jobName === undefined || jobId === undefined) return undefined;
  return { jobName, jobId, at: new Date(instantOf(wallTime, ScheduleExpressionTimezone) ?? wallTime) };
}

/** Whether two schedules publish the same job with the same body. Their times, and `publishedAt`, may differ. */
export function isSameJob(schedule: GetScheduleCommandOutput, wanted: CreateScheduleCommandInput): boolean {
  const [published, toPublish] = [readPublish(schedule.Target?.Input), readPublish(wanted.Target?.Input)];
  const isSameName = attributeText(published, 'jobName') === attributeText(toPublish, 'jobName');
  return published?.body === toPublish?.body && isSameName;
}

function timing(at: Date) {
  const time = at.toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length);
  return { ScheduleExpression: `at(${time})`, ScheduleExpressionTimezone: 'UTC' };
}

function payloadOf(publish: ScheduledPublish | undefined): unknown {
  try {
    return JSON.parse(publish?.body ?? '');
  } catch {
    return undefined;
  }
}
