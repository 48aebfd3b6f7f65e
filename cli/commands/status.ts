import { Command } from 'commander';
import { type JobState, type JobStatus, jobStates } from '../../src/job/jobStatus.ts';
import { addTargetOptions, wholeNumber } from '../options.ts';
import { CommandError, type End } from '../outcome.ts';
import type { StatusApi } from '../status/statusApi.ts';
import type { Target, TargetOptions } from '../target.ts';
import { counted } from '../text.ts';

export function statusCommand(): Command {
  const command = new Command('status')
    .description('Shows where a job with track: true is, or lists the jobs of a name, the newest first.')
    .argument('[jobId]', "the job's ID, as publish printed it")
    .option('--watch', 'follow the job until it has ended')
    .option('--job <name>', 'list the jobs of this name, instead of one')
    .option('--state <state>', `only those that are ${jobStates.join(', ')}`, checkedState)
    .option('--limit <n>', 'how many to list, 1 to 1000 (default: 20)', wholeNumber('--limit', 1, 1000))
    .option('--json', 'print what the API answers as JSON; with --watch a line each change');
  return addTargetOptions(command).addHelpText('after', notes).action(status);
}

const notes = `
Examples:
  npm run jobs -- status 0192a3b4-…                    where it is, its history, its result
  npm run jobs -- status 0192a3b4-… --watch            until it has ended
  npm run jobs -- status --job DocumentJob --state dead

Requests are signed by your AWS credentials; where the API asks for tokens, put one into JOB_API_TOKEN. Exit codes: 0 done,
1 the job is not known, the API refused, or with --watch the job is dead or cancelled, 2 nothing was tried, 130 interrupted.`;

interface StatusOptions extends TargetOptions {
  readonly watch?: boolean;
  readonly job?: string;
  readonly state?: JobState;
  readonly limit?: number;
  readonly json?: boolean;
}

async function status(jobId: string | undefined, options: StatusOptions): Promise<void> {
  checkArguments(jobId, options);
  const { withApi } = await import('../status/session.ts');
  await withApi(options, (api, target) => {
    if (jobId === undefined) return listJobs(api, target, options);
    return options.watch ? watchJob(api, jobId, options) : showJob(api, jobId, options);
  });
}

function checkedState(text: string): JobState {
  if ((jobStates as readonly string[]).includes(text)) return text as JobState;
  throw new CommandError(`--state must be one of ${jobStates.join(', ')}, was '${text}'`);
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
  const [{ statusText }, { resultText }, { unknownText }] = await Promise.all([
    import('../status/statusText.ts'),
    import('../status/resultText.ts'),
    import('../status/view.ts'),
  ]);
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

async function watchJob(api: StatusApi, jobId: string, { json = false }: StatusOptions): Promise<End> {
  const [{ follow }, { startView }, { resultText }, { onInterrupt }] = await Promise.all([
    import('../status/follow.ts'),
    import('../status/view.ts'),
    import('../status/resultText.ts'),
    import('../outcome.ts'),
  ]);
  using interrupt = onInterrupt('the job goes on');
  const view = startView(jobId, process.stdout, json);
  let last: JobStatus | undefined;
  try {
    for await (const now of follow(api, jobId, interrupt.signal)) {
      last = now;
      view.update(now);
    }
    view.end(last, last && !json ? await resultText(last, api) : undefined);
  } catch (error) {
    view.end(last);
    throw error;
  }
  if (interrupt.signal.aborted) return 'interrupted';
  return last?.state === 'succeeded' ? 'done' : 'failed';
}

async function listJobs(api: StatusApi, target: Target, options: StatusOptions): Promise<End> {
  const { job: jobName = '', state, limit = defaultLimit, json } = options;
  const { checkName } = await import('../status/checkName.ts');
  checkName(jobName, target);
  const jobs: JobStatus[] = [];
  let hasMore = false;
  for await (const found of api.list({ jobName, state, limit })) {
    hasMore = jobs.length === limit;
    if (hasMore) break;
    jobs.push(found);
  }
  if (json) console.log(JSON.stringify(jobs, undefined, 2));
  else await printList(jobs, hasMore, target, options);
  return 'done';
}

const defaultLimit = 20;

async function printList(
  jobs: readonly JobStatus[],
  hasMore: boolean,
  { name }: Target,
  { job, state }: StatusOptions,
): Promise<void> {
  const { listText } = await import('../status/listText.ts');
  if (jobs.length > 0) console.log(`${listText(jobs, Date.now())}\n`);
  const count =
    jobs.length === 0 ? 'no job' : `${hasMore ? 'the newest ' : ''}${counted(jobs.length, 'job')}`;
  const which = state === undefined ? '' : ` that ${jobs.length > 1 ? 'are' : 'is'} ${state}`;
  console.log(`${count} of ${job}${which} on ${name}${hasMore ? '; --limit shows more' : ''}`);
}
