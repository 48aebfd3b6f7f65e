import type {
  CreateScheduleCommandInput,
  GetScheduleCommandOutput,
  SchedulerClient,
  SchedulerClientConfig,
} from '@aws-sdk/client-scheduler';
import type { SNSClient } from '@aws-sdk/client-sns';
import { AlreadyDelayedError, DelayError, DelayFailedError } from '../errors.ts';
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
import { type PlatformSchedules, platformSchedules } from './platformSchedules.ts';

interface DelayOptions {
  /** The ARN of the platform's topic. The schedule group, the role and the dead-letter queue follow from it. */
  readonly topicArn: string;
  /** The Scheduler client. By default a new one for the topic's Region, made with `config`. */
  readonly client?: SchedulerClient | undefined;
  /** Gives the configuration of a new client. Called once, at the first call of AWS. */
  readonly config?: (() => Promise<SchedulerClientConfig>) | undefined;
  /** Milliseconds since 1970. Default the system's clock. */
  readonly now?: () => number;
}

/**
 * Publishes jobs later, by one-off schedules of EventBridge Scheduler, which delete themselves when they have fired.
 * The SDK is loaded at the first call.
 */
export class Delay {
  readonly #platform: PlatformSchedules;
  readonly #config: DelayOptions['config'];
  readonly #now: () => number;
  #client: SchedulerClient | undefined;

  /** @throws {PublishError} when `topicArn` is not the ARN of an SNS topic */
  constructor({ topicArn, client, config, now = Date.now }: DelayOptions) {
    this.#platform = platformSchedules(topicArn);
    this.#client = client;
    this.#config = config;
    this.#now = now;
  }

  /**
   * Schedules a message for a time in the future, which is rounded up to whole seconds. The same message for the same
   * time is scheduled once, however often it is given. A message whose time was given as a delay keeps its first time.
   * @throws {InvalidDelayError} when the time is in the past
   * @throws {AlreadyDelayedError} when another message, or another time, is scheduled under that ID
   * @throws {DelayTooLargeError | DelayFailedError}
   */
  async schedule(message: DelayedMessage, at: Date): Promise<DelayedJob> {
    const { jobName, jobId } = message;
    const time = timeAhead(message, at, this.#now());
    const input = onceSchedule(this.#platform, message, time);
    return { jobName, jobId, at: await reported(message, () => this.#create(message, input, time)) };
  }

  /**
   * Deletes the schedule of a job.
   * @returns true when it was deleted; false when there is none. In the minute after its time the job may be published
   * although this returned true
   * @throws {DelayFailedError}
   */
  async cancel(jobId: string): Promise<boolean> {
    const { sdk, client } = await this.#scheduler();
    const { onceGroup: GroupName } = this.#platform;
    const command = new sdk.DeleteScheduleCommand({ GroupName, Name: onceScheduleName(jobId) });
    return (await reported({ jobId }, () => ifThere(client.send(command)))) !== undefined;
  }

  /**
   * Moves a job to another time.
   * @returns true when it was moved; false when its time has come, or no such job waits
   * @throws {InvalidDelayError | DelayFailedError}
   */
  async reschedule(jobId: string, at: Date): Promise<boolean> {
    const time = timeAhead({ jobId }, at, this.#now());
    return reported({ jobId }, async () => {
      const existing = await this.#find(onceScheduleName(jobId));
      const waiting = existing && delayedJobOf(existing);
      if (existing === undefined || waiting === undefined) return false;
      if (waiting.at.getTime() <= this.#now()) return false;
      checkPayloadLasts(existing, waiting, time);
      const { sdk, client } = await this.#scheduler();
      const moved = new sdk.UpdateScheduleCommand(movedTo(existing, time));
      return (await ifThere(client.send(moved))) !== undefined;
    });
  }

  async #create(
    message: DelayedMessage,
    input: CreateScheduleCommandInput,
    at: Date,
    attempt = 1,
  ): Promise<Date> {
    const { sdk, client } = await this.#scheduler();
    try {
      await client.send(new sdk.CreateScheduleCommand(input));
      return at;
    } catch (error) {
      if (!isNamed(error, 'ConflictException')) throw error;
      const existing = await this.#find(onceScheduleName(message.jobId));
      // It has fired or was cancelled meanwhile, so the name is free. A group that is being deleted conflicts for long.
      if (existing === undefined && attempt < maxCreates)
        return this.#create(message, input, at, attempt + 1);
      if (existing === undefined) throw error;
      const waitsUntil = delayedJobOf(existing)?.at;
      const isThen = message.isFromNow === true || waitsUntil?.getTime() === at.getTime();
      if (waitsUntil && isThen && isSameJob(existing, input)) return waitsUntil;
      throw new AlreadyDelayedError(message, waitsUntil);
    }
  }

  async #find(Name: string): Promise<GetScheduleCommandOutput | undefined> {
    const { sdk, client } = await this.#scheduler();
    const { onceGroup: GroupName } = this.#platform;
    return ifThere(client.send(new sdk.GetScheduleCommand({ GroupName, Name })));
  }

  async #scheduler() {
    const sdk = await import('@aws-sdk/client-scheduler');
    const { region } = this.#platform;
    const settings = this.#client === undefined ? await this.#config?.() : undefined;
    this.#client ??= new sdk.SchedulerClient({ region, ...settings });
    return { sdk, client: this.#client };
  }
}

/** How often a schedule is created at most whose name was taken a moment ago. */
const maxCreates = 3;

/** The answer; undefined when there is no such schedule. */
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

/**
 * How to reach EventBridge Scheduler, given how SNS is reached: with the same credentials, and at the same endpoint where
 * that serves all of AWS, as the local platform's does. An endpoint of AWS itself (in a VPC) serves SNS alone.
 */
export async function schedulerConfig(
  { config }: SNSClient,
  given: SchedulerClientConfig = {},
): Promise<SchedulerClientConfig> {
  const endpoint = await config.endpoint?.();
  const isForAll = endpoint !== undefined && !/\.amazonaws\.com(\.cn)?$/.test(endpoint.hostname);
  return { credentials: config.credentials, ...(isForAll && { endpoint }), ...given };
}
