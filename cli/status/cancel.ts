import type { JobStatus } from '../../src/job/jobStatus.ts';
import { CommandError, type End } from '../outcome.ts';
import type { Target, TargetOptions } from '../target.ts';
import { oneLine } from '../text.ts';
import { checkName, type StatusApi, withApi } from './statusApi.ts';

interface CancelOptions extends TargetOptions {
  readonly job?: string;
  readonly json?: boolean;
}

export async function cancel(jobId: string, options: CancelOptions): Promise<void> {
  if (jobId === '') throw new CommandError('the job ID is empty: give it as publish printed it');
  await withApi(options, (api, target) => cancelJob(api, target, jobId, options));
}

async function cancelJob(
  api: StatusApi,
  target: Target,
  jobId: string,
  { job, json }: CancelOptions,
): Promise<End> {
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
    ? `nothing is known of ${id}. If it has not begun, add --job NAME; if it is delayed: npm run jobs -- schedules cancel ${id}. Otherwise there is no such job, it is not yours, or it has no track: true`
    : `${id} is not a job of ${job} that you may cancel: ${job} has no track: true, the ID is another job's, or the API asks for tokens and did not schedule it`;
}

function outcomeText(name: string, { state }: JobStatus): string {
  if (state === 'cancelled') return `cancelled ${name}`;
  return `asked ${name} to stop: it is ${state}, and its signal will be aborted. Its own code decides how it ends`;
}
