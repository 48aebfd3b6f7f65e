import { Command } from 'commander';
import type { JobStatus } from '../../src/status/jobStatus.ts';
import { CommandError } from '../CommandError.ts';
import type { End } from '../dlq/session.ts';
import type { StatusApi } from '../status/statusApi.ts';
import { addTargetOptions, type TargetOptions } from '../target.ts';

export function cancelCommand(): Command {
  const command = new Command('cancel')
    .description(
      'Cancels a job with track: true. While it waits it never runs; while it runs its signal is aborted.',
    )
    .argument('<jobId>', "the job's ID, as publish printed it")
    .option('--json', 'print its status after that as JSON');
  return addTargetOptions(command).addHelpText('after', notes).action(cancel);
}

const notes = `
Exit codes: 0 cancelled, or asked to stop; 1 the job has ended already or is not known, or the API refused; 2 nothing was tried.`;

interface CancelOptions extends TargetOptions {
  readonly json?: boolean;
}

async function cancel(jobId: string, options: CancelOptions): Promise<void> {
  if (jobId === '') throw new CommandError('the job ID is empty: give it as publish printed it');
  const { withApi } = await import('../status/session.ts');
  await withApi(options, (api) => cancelJob(api, jobId, options));
}

async function cancelJob(api: StatusApi, jobId: string, { json }: CancelOptions): Promise<End> {
  const [{ unknownText }, { oneLine }] = await Promise.all([
    import('../status/view.ts'),
    import('../dlq/words.ts'),
  ]);
  const status = await api.cancel(jobId);
  if (status === undefined) {
    console.error(`nothing was cancelled: ${unknownText(jobId)}`);
    return 'failed';
  }
  if (json) console.log(JSON.stringify(status, undefined, 2));
  const hasEnded = status.state === 'succeeded' || status.state === 'dead';
  const name = oneLine(`${status.jobName} ${jobId}`, 200);
  if (hasEnded) console.error(`nothing was cancelled: ${name} is ${status.state}`);
  else if (!json) console.log(outcomeText(name, status));
  return hasEnded ? 'failed' : 'done';
}

function outcomeText(name: string, { state }: JobStatus): string {
  if (state === 'cancelled') return `cancelled ${name}`;
  return `asked ${name} to stop: it is ${state}, its signal will be aborted, and it ends as it will`;
}
