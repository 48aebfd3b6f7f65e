import type {
  CreateScheduleCommandInput,
  GetScheduleCommandOutput,
  SchedulerClient,
  SchedulerClientConfig,
} from '@aws-sdk/client-scheduler';
import { AlreadyDelayedError, DelayError, DelayFailedError } from './errors.ts';
import {
  checkPayloadLasts,
  type DelayedJob,
  type DelayedMessage,
  delayedJobOf,
  isSameJob,
  movedTo,
  onceSchedule,
  onceScheduleName,
  timeAhead,
} from './onceSchedule.ts';
import { platformSchedules } from './platformSchedules.ts';

export interface DelayOptions {
  /** The platform's topic; the schedule group, the role and the dead-letter queue follow from it. */
  readonly topicArn: string;
  /** The client to send with. By default one for the topic's Region, configured by the environment. */
  readonly client?: SchedulerClient | undefined;
  /** How to make that one; asked for at the first call. */
  readonly config?: (() => Promise<SchedulerClientConfig>) | undefined;
  /** In milliseconds. Default the system's clock. */
  readonly now?: () => number;
}

/** Publishes jobs later, by one-off schedules of EventBridge Scheduler, which delete themselves when they have fired. */
export interface Delay {
  /**
   * Any time ahead, a second or years; a fraction of a second is rounded up. The same message for the same time is
   * scheduled once, however often it is given; one whose time is counted from now, at its first time.
   * @throws {InvalidDelayError} when the time is past: publish it at once instead
   * @throws {AlreadyDelayedError} when another message, or another time, was given under that ID
   * @throws {DelayTooLargeError | DelayFailedError}
   */
  schedule(message: DelayedMessage, at: Date): Promise<DelayedJob>;
  /**
   * True when it was taken back before it was published; false when there is nothing to take back: it was published or
   * cancelled before, or never delayed. In the minute after its time it may come even though this says true.
   * @throws {DelayFailedError}
   */
  cancel(jobId: string): Promise<boolean>;
  /**
   * True when it was moved; false when its time has come, or there is no such job.
   * @throws {InvalidDelayError | DelayFailedError}
   */
  reschedule(jobId: string, at: Date): Promise<boolean>;
  /**
   * All that wait, in no order. Takes a request for each, and the permission scheduler:ListSchedules on all groups.
   * @throws {DelayFailedError}
   */
  list(): AsyncGenerator<DelayedJob, void, undefined>;
}

/**
 * Makes a delay. It holds no resources of its own but the client's connections; the SDK is loaded at the first call.
 * @throws {PublishError} when `topicArn` is no SNS topic's ARN
 */
export function createDelay({ topicArn, client, config, now = Date.now }: DelayOptions): Delay {
  const platform = platformSchedules(topicArn);
  const { onceGroup: GroupName } = platform;
  let made = client;

  const scheduler = async () => {
    const sdk = await import('@aws-sdk/client-scheduler');
    const { region } = platform;
    const settings = made === undefined ? await config?.() : undefined;
    made ??= new sdk.SchedulerClient({ region, ...settings });
    return { sdk, client: made };
  };
  const find = async (Name: string): Promise<GetScheduleCommandOutput | undefined> => {
    const { sdk, client } = await scheduler();
    return ifThere(client.send(new sdk.GetScheduleCommand({ GroupName, Name })));
  };

  const create = async (
    message: DelayedMessage,
    input: CreateScheduleCommandInput,
    at: Date,
    attempt = 1,
  ): Promise<Date> => {
    const { sdk, client } = await scheduler();
    try {
      await client.send(new sdk.CreateScheduleCommand(input));
      return at;
    } catch (error) {
      if (!isNamed(error, 'ConflictException')) throw error;
      const existing = await find(onceScheduleName(message.jobId));
      // Fired or cancelled meanwhile, so the name is free; a group that is being deleted conflicts for long.
      if (existing === undefined && attempt < maxCreates) return create(message, input, at, attempt + 1);
      if (existing === undefined) throw error;
      const waitsUntil = delayedJobOf(existing)?.at;
      const isThen = message.isFromNow === true || waitsUntil?.getTime() === at.getTime();
      if (waitsUntil && isThen && isSameJob(existing, input)) return waitsUntil;
      throw new AlreadyDelayedError(message, waitsUntil);
    }
  };

  return {
    async schedule(message, at) {
      const { jobName, jobId } = message;
      const time = timeAhead(message, at, now());
      const input = onceSchedule(platform, message, time);
      return { jobName, jobId, at: await reported(message, () => create(message, input, time)) };
    },

    async cancel(jobId) {
      const { sdk, client } = await scheduler();
      const command = new sdk.DeleteScheduleCommand({ GroupName, Name: onceScheduleName(jobId) });
      return (await reported({ jobId }, () => ifThere(client.send(command)))) !== undefined;
    },

    async reschedule(jobId, at) {
      const time = timeAhead({ jobId }, at, now());
      return reported({ jobId }, async () => {
        const existing = await find(onceScheduleName(jobId));
        const waiting = existing && delayedJobOf(existing);
        if (existing === undefined || waiting === undefined || waiting.at.getTime() <= now()) return false;
        checkPayloadLasts(existing, waiting, time);
        const { sdk, client } = await scheduler();
        const moved = new sdk.UpdateScheduleCommand(movedTo(existing, time));
        return (await ifThere(client.send(moved))) !== undefined;
      });
    },

    async *list() {
      const { sdk, client } = await scheduler();
      let NextToken: string | undefined;
      do {
        const command = new sdk.ListSchedulesCommand({ GroupName, NextToken, MaxResults: pageSize });
        const jobs = await reported({}, async () => {
          const page = await client.send(command);
          NextToken = page.NextToken;
          return Promise.all((page.Schedules ?? []).map(({ Name = '' }) => find(Name)));
        });
        yield* jobs.flatMap((job) => (job && delayedJobOf(job)) ?? []);
      } while (NextToken !== undefined);
    },
  };
}

/** How often a schedule is made whose name was taken just before. */
const maxCreates = 3;

/** As many as are looked at side by side. */
const pageSize = 20;

/** Undefined where the answer is that there is no such schedule. */
async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

async function reported<T>(job: Partial<DelayedJob>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DelayError ? error : new DelayFailedError(job, error);
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
