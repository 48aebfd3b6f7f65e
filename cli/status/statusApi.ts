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
import { CommandError } from '../outcome.ts';
import type { Target } from '../target.ts';
import { apiUrlOf } from './apiUrl.ts';
import { tokenFetch } from './tokenFetch.ts';

/** A platform's API, as people ask it. Its methods reject with a `JobApiError` when it does not answer. */
export interface StatusApi extends JobApi {
  /** Where it is, without a slash at the end. */
  readonly url: string;
  /** The newest first, page by page as they are taken. */
  list(query: StatusQuery): AsyncGenerator<JobStatus, void, undefined>;
}

export interface StatusQuery {
  readonly jobName: string;
  readonly state?: JobState | undefined;
  /** How many are wanted: no page is larger. */
  readonly limit: number;
}

/** @throws {CommandError} when the target has no API, or it is not known */
export async function statusApiOf(target: Target): Promise<StatusApi> {
  const apiUrl = apiUrlOf(target);
  const send = tokenFetch() ?? (await iamFetch(target));
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

/** The API's own bound. */
const maxPageSize = 100;

/** By the credentials that the commands use for everything else. */
async function iamFetch({ clientConfig }: Target): Promise<Fetch> {
  const { SNSClient } = await import('@aws-sdk/client-sns');
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
  throw new JobApiError(jobName, 'its answer is no list: check apiUrl', response.status);
}

/** The API knows the jobs that track, and no others. */
function untracked(jobName: string): CommandError {
  return new CommandError(
    `nothing is recorded of ${jobName}: write track: true in src/jobs/${jobName}.ts, and deploy it`,
  );
}
