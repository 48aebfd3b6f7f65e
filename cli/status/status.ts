import type { JobState, JobStatus } from '../../src/job/jobStatus.ts';
import { CommandError, type End } from '../outcome.ts';
import type { Target, TargetOptions } from '../target.ts';
import { counted, lengthOfTime, oneLine, table } from '../text.ts';
import { checkName, type StatusApi, withApi } from './statusApi.ts';
import { progressText, reasonText, resultText, statusText, unknownText } from './statusText.ts';
import { watchJob } from './watch.ts';

interface StatusOptions extends TargetOptions {
  readonly watch?: boolean;
  readonly job?: string;
  readonly state?: JobState;
  readonly limit?: number;
  readonly json?: boolean;
}

export async function status(jobId: string | undefined, options: StatusOptions): Promise<void> {
  checkArguments(jobId, options);
  await withApi(options, (api, target) => {
    if (jobId === undefined) return listJobs(api, target, options);
    return options.watch ? watchJob(api, jobId, options.json === true) : showJob(api, jobId, options);
  });
}

function checkArguments(jobId: string | undefined, { job, state, limit, watch }: StatusOptions): void {
  if (jobId === undefined && job === undefined) {
    throw new CommandError("which job? Give its ID, or --job NAME to list a job's");
  }
  if (jobId !== undefined && job !== undefined) {
    throw new CommandError('a job ID and --job both say what to show: give one of them');
  }
  if (jobId === '') throw new CommandError('the job ID is empty: give it as publish printed it');
  if (job === undefined && (state !== undefined || limit !== undefined)) {
    throw new CommandError('--state and --limit choose from a list: give --job NAME instead of a job ID');
  }
  if (jobId === undefined && watch) throw new CommandError('--watch follows one job: give its ID');
}

async function showJob(api: StatusApi, jobId: string, { json }: StatusOptions): Promise<End> {
  const { status: found } = await api.status(jobId);
  if (found === undefined) {
    console.error(unknownText(jobId));
    return 'failed';
  }
  console.log(
    json ? JSON.stringify(found, undefined, 2) : statusText(found, Date.now(), await resultText(found, api)),
  );
  return 'done';
}

async function listJobs(api: StatusApi, target: Target, options: StatusOptions): Promise<End> {
  const { job: jobName = '', state, limit = defaultLimit, json } = options;
  checkName(jobName, target);
  const jobs: JobStatus[] = [];
  let hasMore = false;
  for await (const found of api.list({ jobName, state, limit })) {
    hasMore = jobs.length === limit;
    if (hasMore) break;
    jobs.push(found);
  }
  if (json) console.log(JSON.stringify(jobs, undefined, 2));
  else printList(jobs, hasMore, target, options);
  return 'done';
}

const defaultLimit = 20;

function printList(
  jobs: readonly JobStatus[],
  hasMore: boolean,
  { name }: Target,
  { job, state }: StatusOptions,
): void {
  if (jobs.length > 0) console.log(`${listText(jobs, Date.now())}\n`);
  const count =
    jobs.length === 0 ? 'no job' : `${hasMore ? 'the newest ' : ''}${counted(jobs.length, 'job')}`;
  const which = state === undefined ? '' : ` that ${jobs.length > 1 ? 'are' : 'is'} ${state}`;
  console.log(`${count} of ${job}${which} on ${name}${hasMore ? '; --limit shows more' : ''}`);
}

/** Jobs as a table, with what each has to say at the end of its line. */
function listText(jobs: readonly JobStatus[], nowMs: number): string {
  const stateWidth = Math.max(...jobs.map(({ state }) => state.length));
  const rows = jobs.map(({ jobId, state, attempt, maxAttempts, createdAt }) => [
    oneLine(jobId, 80),
    state.padEnd(stateWidth),
    attempt === undefined ? '-' : `${attempt}${maxAttempts === undefined ? '' : ` of ${maxAttempts}`}`,
    `${lengthOfTime((nowMs - Date.parse(createdAt)) / 1_000)} ago`,
  ]);
  const [headings = '', ...lines] = table(
    ['job', 'state'.padEnd(stateWidth), 'attempt', 'scheduled'],
    rows,
  ).split('\n');
  return [
    headings,
    ...lines.map((line, index) => `${line}  ${detailOf(jobs[index] as JobStatus)}`.trimEnd()),
  ].join('\n');
}

function detailOf({ state, progress, reason, isCancelRequested }: JobStatus): string {
  if (isCancelRequested) return 'asked to stop';
  if (reason !== undefined) return reasonText(reason, 80);
  return progress === undefined || state !== 'running' ? '' : oneLine(progressText(progress), 80);
}
