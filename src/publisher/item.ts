import type { AnyJob, PayloadOf, ResultOf } from '../job/index.ts';
import type { Jobs } from '../jobs.generated.ts';
import type { When } from './publishTime.ts';

/** What may be said beside the payload; all of it optional. */
export interface PublishOptions {
  /**
   * The producer's own ID of the job, the same through retries and redrives: one or more characters. A UUIDv7 by
   * default. Publishing the same one twice is safe.
   */
  readonly jobId?: string | undefined;
  /**
   * Whose job it is, such as a tenant: the `MessageGroupId` by which SQS's fair queues keep one group from delaying
   * the others. 1 to 128 letters, digits and ASCII punctuation (SNS's bound). None by default.
   */
  readonly group?: string | undefined;
  /**
   * At most 7 String attributes of your own (SQS takes 10, and `jobName`, `jobId` and `publishedAt` are the
   * publisher's), such as a W3C `traceparent`. None by default.
   */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** The options of a job that is published later: to be said is how long from now, or when, and not both. */
export type DelayedOptions = PublishOptions &
  (
    | { readonly delay: NonNullable<When['delay']>; readonly at?: undefined }
    | { readonly at: NonNullable<When['at']>; readonly delay?: undefined }
  );

/**
 * One element for `publishAll`: a job's name or object, the payload that fits it, options, and when. Any job's by
 * default.
 */
export type PublishItem<JobTypes = Jobs, J extends JobName<JobTypes> | AnyJob = JobName<JobTypes>> =
  J extends JobName<JobTypes> ? ItemFor<J | JobTypes[J], JobTypes> : ItemFor<J, JobTypes>;

type ItemFor<J, JobTypes> = PublishOptions &
  When & { readonly job: J; readonly payload: NoInfer<PayloadFor<J, JobTypes>> };

/** The names of the jobs in `src/jobs`. */
export type JobName<JobTypes = Jobs> = keyof JobTypes & string;

/** The payload that fits a job, given by its name or as its object; of several jobs, the one that fits each of them. */
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

/** What the job's `run` returns, given by its name or as its object. */
export type ResultFor<J, JobTypes = Jobs> = J extends keyof JobTypes
  ? ResultFor<JobTypes[J], JobTypes>
  : J extends AnyJob
    ? ResultOf<J>
    : unknown;

/** What became of a message that SNS took. `messageId` is SNS's own ID, the envelope's `MessageId`. */
export interface Published {
  readonly jobId: string;
  readonly messageId: string;
}

/** A job that waits for its time. */
export interface Delayed {
  readonly jobId: string;
  /** When it is published, to the second; EventBridge Scheduler does it within the minute after. */
  readonly at: Date;
  /** Only of one whose time had come before it could be scheduled: it was published at once. */
  readonly messageId?: string;
}

/** What became of an item of `publishAll`; a failure is a `PublishError` or an `InvalidPayloadError`. */
export type PublishResult =
  | ({ readonly status: 'published' } & Published)
  | { readonly status: 'delayed'; readonly jobId: string; readonly at: Date }
  | { readonly status: 'failed'; readonly jobId: string; readonly error: Error };

/** An item whose payload has been checked by the compiler, or that comes from outside and was not. */
export interface AnyItem extends PublishOptions, When {
  readonly job: string | AnyJob;
  readonly payload: unknown;
}
