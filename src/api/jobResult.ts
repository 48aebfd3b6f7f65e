import type { Context, Handler } from 'hono';
import { isFileResult } from '../files/fileResult.ts';
import { resultPrefix } from '../files/keys.ts';
import type { JobStatus } from '../job/jobStatus.ts';
import type { ApiEnv } from './caller.ts';
import type { FileLinks } from './fileLinks.ts';
import { isEnd, retryAfterSeconds } from './jobStatus.ts';
import { Problem } from './problem.ts';
import { jobIdOf, type ReadStatus } from './readStatus.ts';

interface ResultParts {
  readonly readStatus: ReadStatus;
  readonly files: FileLinks;
  readonly now: () => number;
}

/**
 * `GET /jobs/{jobId}/result`: what `run` returned. 200 with its JSON, 204 where it returned nothing, 303 to S3 for a
 * file, and for a value that is too large for the status table. 409 means that the job has not ended yet. 410 means
 * that there is no result and will be none: the job is dead or cancelled, or its file has expired.
 */
export function jobResult({ readStatus, files, now }: ResultParts): Handler<ApiEnv> {
  return async (c) => {
    const status = await readStatus(jobIdOf(c), c.get('caller'));
    if (!isEnd(status.state)) throw notEnded(status, now());
    if (status.state === 'dead') throw dead(status);
    if (status.state === 'cancelled')
      throw new Problem('cancelled', 'The job was cancelled: it has no result.');
    return (await storedResult(c, status, files)) ?? inlineResult(c, status);
  };
}

function notEnded(status: JobStatus, nowMs: number): Problem {
  return new Problem('not-ended', `The job is ${status.state}: ask again, or follow its events.`, {
    state: status.state,
    headers: { 'retry-after': String(retryAfterSeconds(status, nowMs)) },
  });
}

function dead({ reason }: JobStatus): Problem {
  const why = reason === undefined ? '' : `: ${reason.name}: ${reason.message}`;
  return new Problem('dead', `The job failed for good${why}`, reason === undefined ? {} : { reason });
}

/** Redirects to a result in S3. Undefined for a result that is in the status. */
async function storedResult(c: Context, status: JobStatus, files: FileLinks): Promise<Response | undefined> {
  const { jobName, jobId, result, resultKey } = status;
  if (resultKey !== undefined) {
    return redirect(c, await files.download(resultKey, { contentType: 'application/json' }));
  }
  // A job may return any text of its payload, so only a file of its own is given out.
  if (!isFileResult(result) || !result.file.key.startsWith(resultPrefix(jobName, jobId))) return undefined;
  const { key, name, contentType } = result.file;
  return redirect(c, await files.download(key, { name, contentType }));
}

function redirect(c: Context, url: string | undefined): Response {
  if (url !== undefined) return c.redirect(url, 303);
  throw new Problem(
    'result-gone',
    'The result was stored as a file, which is not there any more: run the job again.',
  );
}

function inlineResult(c: Context, { result }: JobStatus): Response {
  return result === undefined ? c.body(null, 204) : c.json(result as never);
}
