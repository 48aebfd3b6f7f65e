import { Command } from 'commander';
import { addTargetOptions } from '../../options.ts';
import type { TargetOptions } from '../../target.ts';
import { oneLine } from '../../text.ts';

export function cancelCommand(): Command {
  const command = new Command('cancel')
    .description('Takes a delayed job back, before it is published.')
    .argument('<jobId>', "the job's ID, as publish printed it");
  return addTargetOptions(command).action(cancel);
}

async function cancel(jobId: string, options: TargetOptions): Promise<void> {
  const [{ withSchedules }, { Delay }] = await Promise.all([
    import('../../schedules/session.ts'),
    import('../../../src/publisher/delay/delay.ts'),
  ]);
  await withSchedules('cancel', options, async ({ target, scheduler }) => {
    const { topicArn } = target;
    const isCancelled = await new Delay({ topicArn, client: scheduler }).cancel(jobId);
    const id = oneLine(jobId, 200);
    if (isCancelled) console.log(`cancelled ${id}`);
    else
      console.error(
        `nothing was cancelled: no delayed job ${id} waits. It was published, cancelled, or never delayed`,
      );
    return isCancelled ? 'done' : 'failed';
  });
}
