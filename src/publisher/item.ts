import type { AnyJob, PayloadOf, ResultOf } from '../job/index.ts';
import type { Jobs } from '../jobs.generated.ts';
import type { When } from './publishTime.ts';

/** The options of a job to publish. All are optional. */
export interface PublishOptions {
  /**
   * The job's ID, a text of one character or more, which retries and redrives keep. Publish again with the same ID when
   * it is unknown whether a publish succeeded; a job with `idempotency` then runs once. Default a new UUID of version
   * 7.
   */
  readonly jobId?: string | undefined;
  /**
   * The group that the job belongs to, such as a tenant. It becomes the `MessageGroupId`, by which SQS's fair queues
   * keep one group's jobs from delaying those of the others. 1 to 128 letters, digits and ASCII punctuation. Default
   * none.
   */
  readonly group?: string | undefined;
  /**
   * Further message attributes, such as a W3C `traceparent`: at most 7 names with texts. SQS allows 10, of which the
   * publisher uses `jobName`, `jobId` and `publishedAt`. Default none.
   */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** The options of a job that is published later: those of every job, and either `delay` or `at`. */
export type DelayedOptions = PublishOptions &
  (
    | { readonly delay: NonNullable<When['delay']>; readonly at?: undefined }
    | { readonly at: NonNullable<When['at']>; readonly delay?: undefined }
  );

/**
 * An item of `publishAll` and `publishStream`: `{ job, payload }` with the job's name or object and a payload that fits
 * it, and the options of `publish`. Its type is that of any job's items by default.
 */
export type PublishItem<JobTypes = Jobs, J extends JobName<JobTypes> | AnyJob = JobName<JobTypes>> =
  J extends JobName<JobTypes> ? ItemFor<J | JobTypes[J], JobTypes> : ItemFor<J, JobTypes>;

type ItemFor<J, JobTypes> = PublishOptions &
  When & { readonly job: J; readonly payload: NoInfer<PayloadFor<J, JobTypes>> };

/** The names of the jobs in `src/jobs`. */
export type JobName<JobTypes = Jobs> = keyof JobTypes & string;

/**
 * The payload of a job, which is given by its name or as its object. For a union
 * of jobs, a payload that fits all of them.
 */
export type PayloadFor<J, JobTypes = Jobs> = (
  J extends unknown
    ? (payload: PayloadForOne<J, JobTypes>) => void
    : never
) extends (payload: infer Payload) => void
  ? Payload
  : never;

type PayloadForOne<J, JobTypes> = J extends keyof JobTypes
  ? PayloadForOne<JobTypes[J], JobTypes>
  : J extends AnyJob
    ? PayloadOf<J>
    : never;

/** The type of what a job's `run` returns. The job is given by its name or as its object. */
export type ResultFor<J, JobTypes = Jobs> = J extends keyof JobTypes
  ? ResultFor<JobTypes[J], JobTypes>
  : J extends AnyJob
    ? ResultOf<J>
    : unknown;

/** A job that SNS has taken. `messageId` is the ID that SNS gave its message. */
export interface Published {
  readonly jobId: string;
  readonly messageId: string;
}

/** A job that EventBridge Scheduler publishes later. */
export interface Delayed {
  readonly jobId: string;
  /** The time, to the second. EventBridge Scheduler publishes the job within the minute after it. */
  readonly at: Date;
  /** Present where the time had come before the job could be scheduled: it was published at once. */
  readonly messageId?: string;
}

/** The result of an item. The `error` of a failed item is a `PublishError` or an `InvalidPayloadError`. */
export type PublishResult =
  | ({ readonly status: 'published' } & Published)
  | { readonly status: 'delayed'; readonly jobId: string; readonly at: Date }
  | { readonly status: 'failed'; readonly jobId: string; readonly error: Error };

/** An item without its job's types: the compiler has checked it, or it comes from outside. */
export interface AnyItem extends PublishOptions, When {
  readonly job: string | AnyJob;
  readonly payload: unknown;
}
