import { SNSClient } from '@aws-sdk/client-sns';
import type { JobState, JobStatus } from '../../src/job/jobStatus.ts';
import { systemClock } from '../../src/publisher/clock.ts';
import { JobApiError } from '../../src/publisher/handle.ts';
import {
  answered,
  baseOf,
  createJobApi,
  type Fetch,
  type JobApi,
  refuse,
  signedFetch,
  timely,
} from '../../src/publisher/jobApi.ts';
import { CommandError, type End } from '../outcome.ts';
import { type Target, type TargetOptions, withTarget } from '../target.ts';
import { nameAdvice } from '../text.ts';

/**
 * Finds the platform and its API, and does the work; errors and the exit code are handled by `withTarget`.
 * @throws {CommandError} when there is no platform, or it has no API
 */
export async function withApi(
  options: TargetOptions,
  run: (api: StatusApi, target: Target) => Promise<End>,
): Promise<void> {
  await withTarget(options, { run: async (target) => run(statusApiOf(target), target), explain });
}

/** Says in one line what the API refused. Handles advise programmers; this text is for people who type commands. */
function explain(error: Error, { name }: Target): string | undefined {
  if (!(error instanceof JobApiError)) return undefined;
  const { status, message } = error;
  if (status !== 401 && status !== 403) return message;
  return `the API of ${name} refused your credentials (HTTP ${status}). With IAM they must allow lambda:InvokeFunctionUrl and lambda:InvokeFunction on its function; where the API asks for tokens, put one into ${tokenVariable}`;
}

/** @throws {CommandError} for a job's name that the target does not run, with the nearest one */
export function checkName(jobName: string, { name, jobs }: Target): void {
  if (jobs === undefined || Object.hasOwn(jobs, jobName)) return;
  throw new CommandError(`${name} has no job '${jobName}'. ${nameAdvice(jobName, Object.keys(jobs))}`);
}

/** A platform's API, with lists. Its methods reject with a `JobApiError` when the API does not answer or refuses. */
export interface StatusApi extends JobApi {
  /** Without a slash at the end. */
  readonly url: string;
  /** Yields the newest jobs first, and fetches a page only when it is needed. */
  list(query: StatusQuery): AsyncGenerator<JobStatus, void, undefined>;
}

interface StatusQuery {
  readonly jobName: string;
  readonly state?: JobState | undefined;
  /** How many are wanted. More may be yielded; a page holds at most as many. */
  readonly limit: number;
}

/** @throws {CommandError} when the target has no API, or it is not known */
function statusApiOf(target: Target): StatusApi {
  const apiUrl = apiUrlOf(target);
  const send = tokenFetch() ?? iamFetch(target);
  const url = baseOf(apiUrl);
  return {
    ...createJobApi(apiUrl, send),
    url,

    async *list({ jobName, state, limit }) {
      const query = new URLSearchParams({ jobName, limit: String(Math.min(limit, maxPageSize)) });
      if (state !== undefined) query.set('status', state);
      for (;;) {
        const { jobs, cursor } = await pageOf(`${url}/jobs?${query}`, jobName, send);
        yield* jobs;
        if (cursor === undefined) return;
        query.set('cursor', cursor);
      }
    },
  };
}

/** The API's own limit. */
const maxPageSize = 100;

/** Sends requests signed by the AWS credentials that the commands use for everything else. */
function iamFetch({ clientConfig }: Target): Fetch {
  return signedFetch(new SNSClient(clientConfig), systemClock);
}

interface Page {
  readonly jobs: readonly JobStatus[];
  readonly cursor?: string;
}

async function pageOf(url: string, jobName: string, send: Fetch): Promise<Page> {
  const headers = { accept: 'application/json' };
  const response = await answered(jobName, undefined, () =>
    send(url, { method: 'GET', headers, signal: timely() }),
  );
  if (response.status === 404) throw untracked(jobName);
  if (!response.ok) return await refuse(response, jobName);
  const page = (await answered(jobName, undefined, () => response.json())) as Partial<Page>;
  if (Array.isArray(page?.jobs)) return { jobs: page.jobs, ...(page.cursor && { cursor: page.cursor }) };
  throw new JobApiError(jobName, 'its answer is not a list: check apiUrl', response.status);
}

/** The API only knows jobs with `track: true`. */
function untracked(jobName: string): CommandError {
  return new CommandError(
    `nothing is recorded of ${jobName}: write track: true in src/jobs/${jobName}.ts, and deploy it`,
  );
}

/** @throws {CommandError} when the target has no API, or it is not known */
export function apiUrlOf({ apiUrl, name, outputsProblem }: Target): string {
  if (apiUrl !== undefined) return apiUrl;
  if (outputsProblem !== undefined) throw new CommandError(outputsProblem);
  throw new CommandError(
    `the API of ${name} is not known: a platform has one if a job has track: true, and --stack finds it by the output ApiUrl`,
  );
}

/** The environment variable that holds a token, for an API that asks for tokens. */
const tokenVariable = 'JOB_API_TOKEN';

/** Sends requests with the token of the environment; undefined when there is no token, so that requests are signed instead. */
function tokenFetch(): Fetch | undefined {
  const token = process.env[tokenVariable]?.trim();
  if (token === undefined || token === '') return undefined;
  return (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
}
