import { Command } from 'commander';
import { addTargetOptions } from '../../options.ts';
import { CommandError } from '../../outcome.ts';
import type { TargetOptions } from '../../target.ts';
import { oneLine } from '../../text.ts';
import { untilText, type WhenOptions, whenOf } from '../../when.ts';

export function rescheduleCommand(): Command {
  const command = new Command('reschedule')
    .description('Moves a delayed job to another time.')
    .argument('<jobId>', "the job's ID, as publish printed it")
    .option('--delay <duration>', 'how long from now, such as 10m or 30d')
    .option('--at <instant>', 'when, such as 2026-12-24T18:00:00+01:00');
  return addTargetOptions(command).action(reschedule);
}

interface RescheduleOptions extends TargetOptions, WhenOptions {}

async function reschedule(jobId: string, options: RescheduleOptions): Promise<void> {
  const [{ withSchedules }, { Delay }, { publishTime }] = await Promise.all([
    import('../../schedules/session.ts'),
    import('../../../src/publisher/delay/delay.ts'),
    import('../../../src/publisher/publishTime.ts'),
  ]);
  const at = publishTime({ jobId }, whenOf(options), Date.now());
  if (at === undefined) throw new CommandError('to when? Give --at with a time ahead, or --delay above 0s');
  await withSchedules('reschedule', options, async ({ target, scheduler }) => {
    const { topicArn } = target;
    const isMoved = await new Delay({ topicArn, client: scheduler }).reschedule(jobId, at);
    const id = oneLine(jobId, 200);
    if (isMoved) console.log(`moved ${id} to ${untilText(at, target.speed)}`);
    else
      console.error(
        `nothing was moved: no delayed job ${id} waits. It was published, cancelled, or never delayed`,
      );
    return isMoved ? 'done' : 'failed';
  });
}
