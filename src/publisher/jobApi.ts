import type { SNSClient } from '@aws-sdk/client-sns';
import type { JobStatus } from '../job/jobStatus.ts';
import { signedHeaders } from '../sigV4.ts';
import type { Clock } from './clock.ts';
import { PublishError } from './errors.ts';
import { JobApiError } from './handle.ts';

/** The part of the platform's status API that handles use. */
export interface JobApi {
  status(jobId: string, signal?: AbortSignal): Promise<StatusAnswer>;
  /**
   * Cancels a job. One that has ended already stays as it is.
   * @param jobName with it, a job is cancelled of which the API knows nothing yet
   * @returns the status after that; undefined when the API does not know the job
   */
  cancel(jobId: string, jobName?: string): Promise<JobStatus | undefined>;
  /** Gives the answer of `GET /jobs/{jobId}/result` after following its redirect to S3. The body has not been read. */
  result(jobId: string, signal?: AbortSignal): Promise<Response>;
}

export interface StatusAnswer {
  /** Undefined when the API does not know the job, or does not know it yet. */
  readonly status: (JobStatus & { readonly links?: { readonly result?: string } }) | undefined;
  /** When to ask again. */
  readonly retryAfterMs: number;
}

/** The type of the global `fetch`. */
export type Fetch = typeof globalThis.fetch;

/**
 * @param send sends a request with the credentials that the API asks for: `signedFetch`, or the caller's own
 * @throws {PublishError} when `apiUrl` is not an HTTP URL
 */
export function createJobApi(apiUrl: string, send: Fetch): JobApi {
  const base = baseOf(apiUrl);

  async function call(method: 'GET' | 'DELETE', jobId: string, path = '', signal?: AbortSignal) {
    const url = new URL(`${base}/jobs/${encodeURIComponent(jobId)}${path}`);
    const headers = { accept: 'application/json' };
    const init: RequestInit = { method, headers, redirect: 'manual', signal: timely(signal) };
    return await answered(jobId, signal, () => send(url, init));
  }

  async function status(jobId: string, signal?: AbortSignal): Promise<StatusAnswer> {
    const response = await call('GET', jobId, '', signal);
    const retryAfterMs = retryAfterOf(response);
    return { status: await statusIn(response, jobId, signal), retryAfterMs };
  }

  return {
    status,

    async cancel(jobId, jobName) {
      const query = jobName === undefined ? '' : `?${new URLSearchParams({ jobName })}`;
      const response = await call('DELETE', jobId, query);
      if (response.status !== 409) return await statusIn(response, jobId);
      await response.body?.cancel();
      return (await status(jobId)).status;
    },

    async result(jobId, signal) {
      const response = await call('GET', jobId, '/result', signal);
      const location = response.headers.get('location');
      if (response.status === 303 && location !== null) {
        await response.body?.cancel();
        // S3 must not get the API's credentials, and the URL is already signed.
        const url = new URL(location, response.url || base);
        const file = await answered(jobId, signal, () => fetch(url, { signal: signal ?? null }));
        return file.ok ? file : await refuse(file, jobId);
      }
      return response.ok ? response : await refuse(response, jobId);
    },
  };
}

/**
 * A `fetch` that signs its requests (Signature Version 4) with the credentials of an AWS client. It signs for the service
 * `execute-api` at a host of API Gateway, and for `lambda` at a function URL and any other host.
 */
export function signedFetch(sns: SNSClient, clock: Clock): Fetch {
  return async (input, init = {}) => {
    const url = new URL(String(input));
    const { region, credentials, systemClockOffset } = sns.config;
    const [, service = 'lambda', regionOfHost] = awsHost.exec(url.hostname) ?? [];
    const headers = signedHeaders(
      {
        method: init.method as 'GET' | 'DELETE',
        url,
        headers: init.headers as Record<string, string>,
        body: '',
      },
      {
        service: service === 'execute-api' ? service : 'lambda',
        region: regionOfHost ?? (await region()),
        credentials: await credentials(),
        now: new Date(clock.now() + systemClockOffset),
      },
    );
    return await fetch(url, { ...init, headers });
  };
}

/** `<id>.lambda-url.<region>.on.aws`, `<id>.execute-api.<region>.amazonaws.com` */
const awsHost = /^[^.]+\.(lambda-url|execute-api)\.([^.]+)\.(?:on\.aws|amazonaws\.com(?:\.cn)?)$/;

export function baseOf(apiUrl: string): string {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return apiUrl.replace(/\/+$/, '');
  throw new PublishError(
    undefined,
    `apiUrl must be an HTTP URL, was ${JSON.stringify(apiUrl)}: take it from the stack's output ApiUrl`,
  );
}

/** The caller's signal, and a timeout of our own: a call that hangs would outlast every timeout of its caller. */
export function timely(signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(callTimeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

const callTimeoutMs = 10_000;

/** @throws {JobApiError} when no answer came; the signal's reason when the caller aborted */
export async function answered<Answer>(
  jobId: string,
  signal: AbortSignal | undefined,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    signal?.throwIfAborted();
    // An error of `fetch` has the reason in its cause.
    const { message = String(cause), cause: why } = Object(cause) as Partial<Error>;
    const reason = [message, (why as Partial<Error> | undefined)?.message].filter(Boolean).join(': ');
    throw new JobApiError(jobId, `it could not be reached: ${reason}`, undefined, { cause });
  }
}

async function statusIn(
  response: Response,
  jobId: string,
  signal?: AbortSignal,
): Promise<StatusAnswer['status']> {
  if (response.status !== 404 && !response.ok) return await refuse(response, jobId);
  const text = await answered(jobId, signal, () => response.text());
  if (response.status === 404) return undefined;
  const status = Object(parsed(text)) as NonNullable<StatusAnswer['status']>;
  if (typeof status.state === 'string') return status;
  throw new JobApiError(jobId, 'its answer is no status: check apiUrl', response.status);
}

/** @throws {JobApiError} always, with the words of the answer's problem details (RFC 9457), where it has any */
export async function refuse(response: Response, jobId: string): Promise<never> {
  const text = await response.text().catch(() => '');
  throw new JobApiError(jobId, `HTTP ${response.status}${wordsOf(text)}`, response.status);
}

function wordsOf(text: string): string {
  const { title, detail } = Object(parsed(text)) as Partial<Record<'title' | 'detail', unknown>>;
  return [title, detail].flatMap((part) => (typeof part === 'string' ? [`: ${part}`] : [])).join('');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The milliseconds until the next request. The API's `Retry-After` is always in seconds. */
function retryAfterOf({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? defaultPollSeconds);
  return 1000 * (seconds > 0 ? Math.min(seconds, longestPollSeconds) : defaultPollSeconds);
}

const defaultPollSeconds = 1;
const longestPollSeconds = 30;
