import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Compute } from './compute.ts';
import type { JobContext } from './context.ts';
import type { idempotencyOptions, jobOptions, OptionsOf, uploadsOptions } from './options.ts';
import type { Schedule } from './schedule.ts';

/**
 * Defines a job. The file `src/jobs/<jobName>.ts` exports it as its default, and the job is named after the file:
 * `export default defineJob({ payload: z.object({ id: z.string() }), async run({ id }, { log }) { … } })`.
 *
 * When `run` returns, the job is done. When it throws, the job is run again after `retryDelay`, up to `maxAttempts`
 * times in all; then it is a dead letter. `throw new RetryAfter('10m')` chooses the next delay, and
 * `throw new NonRetryableError('…')` makes it a dead letter at once.
 *
 * This function checks nothing. The compiler checks the options, and so does synth: it stops with a message that names
 * the file, the option, its bound and what to do.
 */
export function defineJob<Schema extends StandardSchemaV1 = NoSchema, Result = unknown>(
  options: JobOptions<Schema, Result>,
): Job<Schema, Result> {
  // The bundler replaces this variable, so that a bundle does not carry the search: its file has another name.
  const name = process.env.JOB_BUNDLED ? undefined : jobNameOfFile(callerFile(defineJob));
  return { ...options, [brand]: true, ...(name === undefined ? {} : { name }) };
}

/** The type of `payload` for a job without a schema. It fits no real schema, so the compiler can tell the two apart. */
interface NoSchema extends StandardSchemaV1 {
  readonly [none]: never;
}

declare const none: unique symbol;

/**
 * A job's options. Only `run` is required. `options.ts` has the defaults and bounds of all options that are numbers,
 * durations, choices or switches.
 */
export interface JobOptions<Schema extends StandardSchemaV1 = StandardSchemaV1, Result = unknown>
  extends OptionsOf<typeof jobOptions> {
  /**
   * The payload's schema: zod, valibot, arktype or any other Standard Schema. A payload that does not fit it is a dead
   * letter at once. By default any JSON is taken, and `run` gets `unknown`.
   */
  readonly payload?: Schema;
  /**
   * Where the job runs: `'lambda'`, `'fargate'` for work that takes longer than 15 minutes, or
   * `{ type: 'fargate', cpu, memory, … }`. Default `'lambda'`.
   */
  readonly compute?: Compute;
  /**
   * Runs the job once for each key, however often its message is delivered: `{ for: '1d' }`, or
   * `{ key: ({ invoiceId }) => invoiceId, for: '1d' }`. By default a message that SQS delivers twice is run twice.
   */
  readonly idempotency?: Idempotency<StandardSchemaV1.InferOutput<Schema>>;
  /** The files that callers may upload for the job: `{ contentTypes, maxBytes? }`. Needs `track: true`. Default none. */
  readonly uploads?: Uploads;
  /**
   * When EventBridge Scheduler publishes the job: one schedule, such as `'rate(5 minutes)'`,
   * or a list of up to 10. Default none.
   */
  readonly schedule?:
    | Schedule<StandardSchemaV1.InferInput<Schema>>
    | readonly Schedule<StandardSchemaV1.InferInput<Schema>>[];
  /** What the job may do on AWS beyond consuming its own queue: IAM statements. Default none. */
  readonly permissions?: readonly IamStatement[];
  /**
   * The job's environment variables: `{ NAME: 'value' }`, or `({ stage }) => ({ … })`, which makes them for the stage
   * that is deployed. Names and values together have at most 3,456 bytes. Default none.
   */
  readonly environment?: Environment;
  /**
   * Does the work. It gets the payload as the schema puts it out, with defaults and coercions applied. Returning means
   * done; throwing means another attempt.
   */
  run(payload: StandardSchemaV1.InferOutput<Schema>, context: JobContext): Promise<Result> | Result;
}

/** Runs a job once for each key, however often it is published, delivered or redriven with that key. */
export interface Idempotency<Payload = unknown> extends OptionsOf<typeof idempotencyOptions> {
  /**
   * Gives the key of a payload (as the schema puts it out): a text of one character or more, not a promise. Two messages
   * with the same key are the same job. Default the `jobId`, which retries, duplicates and redrives keep.
   */
  key?(payload: Payload): string;
}

/**
 * The files that callers may upload for a job. The presigned POST enforces these
 * bounds, and `readUpload` checks them again.
 */
export interface Uploads extends OptionsOf<typeof uploadsOptions> {
  /**
   * The content types that are allowed: 1 to 20, in lower case and without
   * parameters, such as `['text/plain', 'text/csv']`.
   */
  readonly contentTypes: readonly string[];
}

/** Environment variables: names and their values. */
export type Variables = Readonly<Record<string, string>>;

/**
 * A job's own environment variables: the same in every stage, or a function that
 * makes them for the stage that is deployed.
 */
export type Environment = Variables | ((platform: { readonly stage: string }) => Variables);

/** The variables of a job in a stage. An error of the job's own function is passed on. */
export function variablesOf({ environment = {} }: Pick<AnyJob, 'environment'>, stage: string): Variables {
  return typeof environment === 'function' ? environment({ stage }) : environment;
}

/**
 * A statement of an IAM policy, such as `{ Action: 's3:GetObject', Resource: 'arn:aws:s3:::my-bucket/*' }`. In `Resource`
 * the stack replaces `${AWS::AccountId}`, `${AWS::Region}` and `${AWS::Partition}`.
 */
export interface IamStatement {
  /** Default `'Allow'`. */
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A job as its file exports it: the options that were given, and the job's name where the file's path tells it. */
export interface Job<Schema extends StandardSchemaV1 = StandardSchemaV1, Result = unknown>
  extends JobOptions<Schema, Result> {
  readonly [brand]: true;
  /** The file's name without its extension. Absent in a bundle, which does not keep the file's path. */
  readonly name?: string;
}

/** Any job, whatever its payload and result. */
// biome-ignore lint/suspicious/noExplicitAny: a job's payload stands in a parameter position, so `unknown` would fit no job
export type AnyJob = Job<any, any>;

/** The payload that a publisher gives the job: the schema's input, before defaults and coercions. */
export type PayloadOf<J extends AnyJob> =
  J extends Job<infer Schema, unknown> ? StandardSchemaV1.InferInput<Schema> : never;

/** What the job's `run` returns. */
export type ResultOf<J extends AnyJob> = Awaited<ReturnType<J['run']>>;

/** Whether a value, such as a module's default export, was made by `defineJob`. */
export function isJob(value: unknown): value is AnyJob {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * `…/jobs/GreetingJob.ts` → `GreetingJob`. Only TypeScript files count, because a
 * bundle's file is not named after its job.
 */
function jobNameOfFile(file: string | undefined): string | undefined {
  return /[/\\]jobs[/\\]([^/\\]+)\.[cm]?ts$/.exec(file ?? '')?.[1];
}

/**
 * The file that called `callee`, as a path or `file:` URL. By it a job object knows its own name, so that
 * `publish(GreetingJob, …)` need not repeat it. `util.getCallSites` does the same, but importing `node:util` takes 2 ms.
 */
function callerFile(callee: (...parameters: never[]) => unknown): string | undefined {
  const { prepareStackTrace } = Error;
  const trace: { stack?: string } = {};
  try {
    Error.prepareStackTrace = (_error, [caller]) => caller?.getFileName();
    Error.captureStackTrace(trace, callee);
    return trace.stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/**
 * A registered symbol, so that one copy of this module recognizes a job that
 * another copy made (in tests and workspaces).
 */
const brand: unique symbol = Symbol.for('serverless-jobs.job');
