import { Command } from 'commander';
import type { JobStatus } from '../../src/job/jobStatus.ts';
import { addTargetOptions } from '../options.ts';
import { CommandError, type End } from '../outcome.ts';
import type { StatusApi } from '../status/statusApi.ts';
import type { Target, TargetOptions } from '../target.ts';
import { oneLine } from '../text.ts';

export function cancelCommand(): Command {
  const command = new Command('cancel')
    .description(
      'Cancels a job with track: true. While it waits it never runs; while it runs its signal is aborted.',
    )
    .argument('<jobId>', "the job's ID, as publish printed it")
    .option('--job <name>', "its job's name: needed for one that has not begun, unless the API scheduled it")
    .option('--json', 'print its status after that as JSON');
  return addTargetOptions(command).addHelpText('after', notes).action(cancel);
}

const notes = `
Examples:
  npm run jobs -- cancel 0192a3b4-…
  npm run jobs -- cancel 0192a3b4-… --job DocumentJob    also while nothing is known of it: its first attempt has not begun

What is delayed is taken back by schedules cancel. Exit codes: 0 cancelled, or asked to stop; 1 the job has ended already or is not known, or the API refused; 2 nothing was tried.`;

interface CancelOptions extends TargetOptions {
  readonly job?: string;
  readonly json?: boolean;
}

async function cancel(jobId: string, options: CancelOptions): Promise<void> {
  if (jobId === '') throw new CommandError('the job ID is empty: give it as publish printed it');
  const { withApi } = await import('../status/session.ts');
  await withApi(options, (api, target) => cancelJob(api, target, jobId, options));
}

async function cancelJob(
  api: StatusApi,
  target: Target,
  jobId: string,
  { job, json }: CancelOptions,
): Promise<End> {
  const { checkName } = await import('../status/checkName.ts');
  if (job !== undefined) checkName(job, target);
  const status = await api.cancel(jobId, job);
  if (status === undefined) {
    console.error(`nothing was cancelled: ${unknownText(jobId, job)}`);
    return 'failed';
  }
  if (json) console.log(JSON.stringify(status, undefined, 2));
  const hasEnded = status.state === 'succeeded' || status.state === 'dead';
  const name = oneLine(`${status.jobName} ${jobId}`, 200);
  if (hasEnded) console.error(`nothing was cancelled: ${name} is ${status.state}`);
  else if (!json) console.log(outcomeText(name, status));
  return hasEnded ? 'failed' : 'done';
}

function unknownText(jobId: string, job: string | undefined): string {
  const id = JSON.stringify(jobId);
  return job === undefined
    ? `nothing is known of ${id}. If it has not begun, add --job NAME; if it is delayed: npm run jobs -- schedules cancel ${id}. Else it is not there or not yours, or its job has no track: true`
    : `${id} is no job of ${job} that you may cancel: ${job} has no track: true, the ID is another job's, or the API asks for tokens and did not schedule it`;
}

function outcomeText(name: string, { state }: JobStatus): string {
  if (state === 'cancelled') return `cancelled ${name}`;
  return `asked ${name} to stop: it is ${state}, its signal will be aborted, and it ends as it will`;
}
