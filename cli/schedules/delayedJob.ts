import { Delay } from '../../src/publisher/delay/delay.ts';
import { publishTime } from '../../src/publisher/publishTime.ts';
import { CommandError, type End } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { oneLine } from '../text.ts';
import { untilText, type WhenOptions, whenOf } from '../when.ts';
import { withSchedules } from './session.ts';

/** Takes a delayed job back. */
export async function cancel(jobId: string, options: TargetOptions): Promise<void> {
  await withSchedules('cancel', options, async ({ target: { topicArn }, scheduler }) => {
    const isCancelled = await new Delay({ topicArn, client: scheduler }).cancel(jobId);
    if (!isCancelled) return nothingDone('cancelled', jobId);
    console.log(`cancelled ${shown(jobId)}`);
    return 'done';
  });
}

/** Moves a delayed job to another time. */
export async function reschedule(jobId: string, options: TargetOptions & WhenOptions): Promise<void> {
  const at = publishTime({ jobId }, whenOf(options), Date.now());
  if (at === undefined)
    throw new CommandError('to when? Give --at with a time in the future, or --delay above 0s');
  await withSchedules('reschedule', options, async ({ target: { topicArn, speed }, scheduler }) => {
    const isMoved = await new Delay({ topicArn, client: scheduler }).reschedule(jobId, at);
    if (!isMoved) return nothingDone('moved', jobId);
    console.log(`moved ${shown(jobId)} to ${untilText(at, speed)}`);
    return 'done';
  });
}

function nothingDone(verb: string, jobId: string): End {
  console.error(
    `nothing was ${verb}: no delayed job ${shown(jobId)} is waiting. It was published or cancelled already, or was never delayed`,
  );
  return 'failed';
}

function shown(jobId: string): string {
  return oneLine(jobId, 200);
}
