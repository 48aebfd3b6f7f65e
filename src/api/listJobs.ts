import type { Context, Handler } from 'hono';
import { type JobState, jobStates } from '../job/jobStatus.ts';
import type { StatusStore } from '../tracking/store.ts';
import type { ApiJob } from './apiJob.ts';
import { jobNamed } from './apiJob.ts';
import type { ApiEnv } from './caller.ts';
import { statusView } from './jobStatus.ts';
import { Problem } from './problem.ts';

/** How many jobs a page of the list has, by default and at most. */
export const pageSizes = { default: 20, max: 100 } as const;

/**
 * `GET /jobs?jobName=&status=&limit=&cursor=`: the jobs of a name, the newest first, without their results. A caller
 * with a token gets their own jobs, and a back end those without an owner.
 */
export function listJobs({
  jobs,
  store,
}: {
  readonly jobs: readonly ApiJob[];
  readonly store: Pick<StatusStore, 'list'>;
}): Handler<ApiEnv> {
  return async (c) => {
    const { jobName, status, limit, cursor } = queryOf(c);
    jobNamed(jobs, jobName);
    const { owner } = c.get('caller');
    const found = await store
      .list({
        jobName,
        limit,
        ...(owner === undefined ? {} : { owner }),
        ...(status === undefined ? {} : { state: status }),
        ...(cursor === undefined ? {} : { cursor }),
      })
      .catch((error: Error) => {
        throw isCursorError(error, cursor) ? invalid([cursorFault], error) : error;
      });
    const next = found.cursor === undefined ? {} : { next: nextPage(c, found.cursor) };
    return c.json({ ...found, jobs: found.jobs.map(statusView), links: next });
  };
}

interface Query {
  readonly jobName: string;
  readonly status?: JobState;
  readonly limit: number;
  readonly cursor?: string;
}

interface ParameterFault {
  readonly parameter: string;
  readonly message: string;
}

const cursorFault: ParameterFault = {
  parameter: 'cursor',
  message: 'does not belong to this list: take it from the page before, with the same parameters',
};

function queryOf(c: Context): Query {
  const { jobName, status, limit = String(pageSizes.default), cursor } = c.req.query();
  const faults = [...unknownParameters(c), ...faultsOf({ jobName, status, limit, cursor })];
  if (faults.length > 0) throw invalid(faults);
  return {
    jobName: jobName as string,
    limit: Number(limit),
    ...(status === undefined ? {} : { status: status as JobState }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function unknownParameters(c: Context): ParameterFault[] {
  return Object.entries(c.req.queries()).flatMap(([parameter, { length }]) => {
    if (!parameters.includes(parameter)) {
      return [{ parameter, message: `is not known: there are ${parameters.join(', ')}` }];
    }
    return length === 1 ? [] : [{ parameter, message: 'must be given once' }];
  });
}

const parameters = ['jobName', 'status', 'limit', 'cursor'];

function faultsOf({ jobName, status, limit, cursor }: Record<string, string | undefined>): ParameterFault[] {
  const faults: ParameterFault[] = [];
  if (jobName === undefined || jobName === '') {
    faults.push({ parameter: 'jobName', message: 'is missing: jobs are listed by their name' });
  }
  if (status !== undefined && !(jobStates as readonly string[]).includes(status)) {
    faults.push({ parameter: 'status', message: `must be one of ${jobStates.join(', ')}` });
  }
  if (!/^[1-9]\d{0,3}$/.test(limit ?? '') || Number(limit) > pageSizes.max) {
    faults.push({ parameter: 'limit', message: `must be a whole number, 1 to ${pageSizes.max}` });
  }
  if (cursor === '') faults.push(cursorFault);
  return faults;
}

/** Whether an error is about the cursor. DynamoDB refuses one that was made up but has the right form. */
function isCursorError({ name }: Error, cursor: string | undefined): boolean {
  return cursor !== undefined && /^(InvalidCursorError|ValidationException)$/.test(name);
}

function invalid(errors: readonly ParameterFault[], cause?: Error): Problem {
  const detail = errors.map(({ parameter, message }) => `${parameter} ${message}`).join('; ');
  return new Problem('invalid-parameters', `${detail}.`, { errors, cause });
}

function nextPage(c: Context, cursor: string): string {
  return `/jobs?${new URLSearchParams({ ...c.req.query(), cursor })}`;
}
