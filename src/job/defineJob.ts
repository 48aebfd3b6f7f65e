import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Compute } from './compute.ts';
import type { JobContext } from './context.ts';
import type { idempotencyOptions, jobOptions, OptionsOf, uploadsOptions } from './options.ts';
import type { Schedule } from './schedule.ts';

/**
 * Defines the job of this file: `src/jobs/<jobName>.ts` exports it as its default. Returning from `run` means
 * done, throwing means retry; `NonRetryableError` and `RetryAfter` steer.
 *
 * Options are checked by the compiler and again at synth, which stops with the file, the option and its bound.
 */
export function defineJob<Schema extends StandardSchemaV1 = NoSchema, Result = unknown>(
  options: JobOptions<Schema, Result>,
): Job<Schema, Result> {
  // The bundler fills this in, so that a bundle, whose file has another name, does not carry the search.
  const name = process.env.JOB_BUNDLED ? undefined : jobNameOfFile(callerFile(defineJob));
  return { ...options, [brand]: true, ...(name === undefined ? {} : { name }) };
}

/** Stands for the schema of a job without one: were it any schema's type, every other job would pass for such a job. */
export interface NoSchema extends StandardSchemaV1 {
  readonly [none]: never;
}

declare const none: unique symbol;

/** Everything but `run` is optional; the defaults and bounds stand in `options.ts`. */
export interface JobOptions<Schema extends StandardSchemaV1 = StandardSchemaV1, Result = unknown>
  extends OptionsOf<typeof jobOptions> {
  /** The payload's schema: zod, valibot, arktype or any other Standard Schema. Without one `run` gets `unknown`. */
  readonly payload?: Schema;
  /** Where it runs: `'lambda'`, or `'fargate'` for what takes longer than 15 minutes. Default `'lambda'`. */
  readonly compute?: Compute;
  /** Run once for each key, however often it is delivered. Not by default. */
  readonly idempotency?: Idempotency<StandardSchemaV1.InferOutput<Schema>>;
  /** Files that callers may upload for it. None by default. */
  readonly uploads?: Uploads;
  /** When it recurs, by EventBridge Scheduler: one, or up to 10 of them. Not by default. */
  readonly schedule?:
    | Schedule<StandardSchemaV1.InferInput<Schema>>
    | readonly Schedule<StandardSchemaV1.InferInput<Schema>>[];
  /** What the job may do on AWS beyond consuming its queue: plain IAM statements. None by default. */
  readonly permissions?: readonly IamStatement[];
  /** Environment variables of the job, or `({ stage }) => ({ … })`, which makes them for each stage. None by default. */
  readonly environment?: Environment;
  /** The work. Gets the schema's output (defaults and coercions applied). Return: done. Throw: retry. */
  run(payload: StandardSchemaV1.InferOutput<Schema>, context: JobContext): Promise<Result> | Result;
}

/** Asks that a job runs once for each key, however often it is published, delivered or redriven. */
export interface Idempotency<Payload = unknown> extends OptionsOf<typeof idempotencyOptions> {
  /** What makes two messages the same job. By default the job's ID, which retries, duplicates and redrives keep. */
  key?(payload: Payload): string;
}

/** Files that a job's callers may upload, for it to read: the bounds of the presigned POST, checked again by the job. */
export interface Uploads extends OptionsOf<typeof uploadsOptions> {
  /** The content types that are taken, such as `['text/plain', 'text/csv']`. 1 to 20, in lower case, without parameters. */
  readonly contentTypes: readonly string[];
}

/** Names and values. */
export type Variables = Readonly<Record<string, string>>;

/** The job's own environment variables: the same in every stage, or made for the stage that is deployed. */
export type Environment = Variables | ((platform: { readonly stage: string }) => Variables);

/** The variables of a job in a stage. What the job's function throws is thrown. */
export function variablesOf({ environment = {} }: Pick<AnyJob, 'environment'>, stage: string): Variables {
  return typeof environment === 'function' ? environment({ stage }) : environment;
}

/**
 * A statement as it stands in an IAM policy document. `${AWS::AccountId}`, `${AWS::Region}` and `${AWS::Partition}` are
 * filled in.
 */
export interface IamStatement {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A job as its file exports it: the options as given, and its name where it could be read off the file's path. */
export interface Job<Schema extends StandardSchemaV1 = StandardSchemaV1, Result = unknown>
  extends JobOptions<Schema, Result> {
  readonly [brand]: true;
  /** The file's name without its ending; absent in a bundle, where the file's path is gone. */
  readonly name?: string;
}

/** Any job, whatever its payload and result. */
// biome-ignore lint/suspicious/noExplicitAny: a job's payload stands in a parameter position, so `unknown` would fit no job
export type AnyJob = Job<any, any>;

/** What a publisher may give the job: the schema's input, before defaults and coercions. */
export type PayloadOf<J extends AnyJob> =
  J extends Job<infer Schema, unknown> ? StandardSchemaV1.InferInput<Schema> : never;

/** What the job's `run` returns. */
export type ResultOf<J extends AnyJob> = Awaited<ReturnType<J['run']>>;

/** Whether a value, such as a module's default export, was made by `defineJob`. */
export function isJob(value: unknown): value is AnyJob {
  return typeof value === 'object' && value !== null && brand in value;
}

/** `…/jobs/GreetingJob.ts` → `GreetingJob`. Only TypeScript sources count: a bundle's file has another name than its jobs. */
function jobNameOfFile(file: string | undefined): string | undefined {
  return /[/\\]jobs[/\\]([^/\\]+)\.[cm]?ts$/.exec(file ?? '')?.[1];
}

/**
 * The file that called `callee`, as a path or `file:` URL. It lets a job object know its own name, so that
 * `publish(GreetingJob, …)` needs no second mention of it. Not by `util.getCallSites`: importing `node:util` takes 2 ms.
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

/** Registered, so that a job made by one copy of this module is a job for another (tests, workspaces). */
const brand: unique symbol = Symbol.for('serverless-jobs.job');
