import { createHash } from 'node:crypto';
import type { Context, Handler } from 'hono';
import {
  MessageTooLargeError,
  NotSerializableError,
  PublishError,
  PublishFailedError,
} from '../publisher/index.ts';
import { uuidv7Maker } from '../publisher/uuid.ts';
import type { NewJob, StatusStore } from '../tracking/store.ts';
import type { ApiJob } from './apiJob.ts';
import { jobNamed } from './apiJob.ts';
import { BoundedMap } from './boundedMap.ts';
import type { ApiEnv } from './caller.ts';
import { jobPath, statusLinks } from './jobStatus.ts';
import { jsonBody } from './jsonBody.ts';
import { type Fault, faultFinder } from './payloadFaults.ts';
import { Problem } from './problem.ts';

interface ScheduleParts {
  readonly jobs: readonly ApiJob[];
  readonly store: Pick<StatusStore, 'queue' | 'forget'>;
  readonly publisher: JobPublisher;
}

/** The part of the publisher that publishes a job by its name. */
export interface JobPublisher {
  publish(jobName: string, payload: unknown, options: { readonly jobId: string }): Promise<unknown>;
}

/**
 * `POST /jobs/{jobName}`: checks the payload, records the job, publishes it, and answers 202 with its ID.
 *
 * With an `Idempotency-Key` the ID follows from the key, and a replay of the request gets the same answer. A replay
 * usually publishes nothing. But the first request may have failed after it recorded the job and before it published
 * it. So when the job is still queued, and this process does not know that it was published, a replay publishes it
 * again under the same ID. A job must bear a second message anyway, and would otherwise never run.
 */
export function scheduleJob({ jobs, store, publisher }: ScheduleParts): Handler<ApiEnv> {
  const makeJobId = uuidv7Maker();
  const finders = new Map<string, (value: unknown) => Fault[]>();
  const published = new BoundedMap<string, Promise<unknown>>(rememberedPublishes);

  return async (c) => {
    const job = jobNamed(jobs, c.req.param('jobName') ?? '');
    const { owner } = c.get('caller');
    // The header as the client sent it: hono's adapter drops an empty header, and encodes characters that are not ASCII.
    const key = c.env.event?.headers?.['idempotency-key'] ?? c.req.header('idempotency-key');
    if (key !== undefined) checkIdempotencyKey(key);
    const { value: payload, hash: requestHash } = await jsonBody(c);
    checkPayload(job, payload);

    const jobId = key === undefined ? makeJobId() : jobIdOfKey(key, job.name, owner);
    const { name: jobName, maxAttempts } = job;
    const newJob = { jobId, jobName, maxAttempts, requestHash, ...(owner === undefined ? {} : { owner }) };
    const queued = await store.queue(newJob);
    if (queued.isNew) {
      await publishNew(newJob, payload);
      return accepted(c, { jobId, jobName, state: 'queued' });
    }
    if (queued.requestHash !== undefined && queued.requestHash !== requestHash) throw reused(jobId);
    const { state } = queued.existing;
    if (state === 'queued') await (published.get(jobId) ?? publish(newJob, payload)).catch(unpublished);
    return accepted(c, { jobId, jobName, state });
  };

  function checkPayload({ name, payloadSchema }: ApiJob, payload: unknown): void {
    if (payloadSchema === undefined) return;
    const faultsOf = finders.get(name) ?? faultFinder(payloadSchema);
    finders.set(name, faultsOf);
    const errors = faultsOf(payload);
    if (errors.length > 0)
      throw new Problem('invalid-body', `The body does not fit the payload of ${name}.`, { errors });
  }

  /**
   * Publishes a recorded job. When the job was certainly not published, its record is removed. When SNS may have taken
   * it and only the answer was lost, the record stays, because it holds the job's owner.
   */
  async function publishNew(job: NewJob, payload: unknown): Promise<void> {
    try {
      await publish(job, payload);
    } catch (error) {
      if (!isUnsent(error)) throw uncertain(job.jobId, error);
      await store.forget(job.jobId);
      unpublished(error);
    }
  }

  function publish({ jobId, jobName }: NewJob, payload: unknown): Promise<unknown> {
    const publishing = publisher.publish(jobName, payload, { jobId });
    published.set(jobId, publishing);
    publishing.catch(() => published.deleteEntry(jobId, publishing));
    return publishing;
  }
}

/** How many publishes are remembered, for replays of clients that got no answer. */
const rememberedPublishes = 1000;

type Scheduled = Parameters<typeof statusLinks>[0] & { readonly jobName: string };

function accepted(c: Context<ApiEnv>, job: Scheduled): Response {
  return c.json({ ...job, links: statusLinks(job) }, 202, { location: jobPath(job.jobId) });
}

function reused(jobId: string): Problem {
  return new Problem(
    'idempotency-key-reused',
    'This Idempotency-Key was used with another body: use a new key for a new job.',
    { jobId, links: { job: jobPath(jobId) } },
  );
}

/** Whether a job was certainly not published: the publisher or SNS refused it, and no connection or server failed. */
function isUnsent(error: unknown): boolean {
  if (!(error instanceof PublishFailedError)) return error instanceof PublishError;
  return (error.cause as { readonly $fault?: string } | undefined)?.$fault === 'client';
}

function uncertain(jobId: string, cause: unknown): Problem {
  return new Problem(
    'unavailable',
    'It is not known whether the job was published: look at it later, or send the request again where it has an Idempotency-Key.',
    { headers: { 'retry-after': '5' }, jobId, links: { job: jobPath(jobId) }, cause },
  );
}

function unpublished(error: unknown): never {
  if (error instanceof NotSerializableError) {
    const path = error.path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    const message = error.problem;
    throw new Problem('invalid-body', 'The body cannot be published.', {
      errors: [{ path, message }],
      cause: error,
    });
  }
  if (error instanceof MessageTooLargeError) {
    throw new Problem('too-large', `The payload may have ${error.maxBytes} bytes as a message.`, {
      maxBytes: error.maxBytes,
      cause: error,
    });
  }
  throw new Problem('unavailable', 'The job could not be published and is not scheduled: try again.', {
    headers: { 'retry-after': '5' },
    cause: error,
  });
}

/**
 * The ID of the job with an `Idempotency-Key`: a UUID of version 8 (RFC 9562), made of the
 * SHA-256 of the owner, the job's name and the key.
 */
function jobIdOfKey(key: string, jobName: string, owner: string | undefined): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([owner ?? null, jobName, key]))
    .digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x80;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** @throws {Problem} when the key is not 1 to 255 visible ASCII characters */
function checkIdempotencyKey(key: string): void {
  if (/^[!-~]{1,255}$/.test(key)) return;
  throw new Problem(
    'malformed-idempotency-key',
    `An Idempotency-Key is 1 to 255 visible ASCII characters without spaces, such as a UUID; this one has ${key.length}.`,
  );
}
