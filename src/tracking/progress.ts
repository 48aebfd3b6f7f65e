import type { Progress } from '../job/jobStatus.ts';
import { statusDefaults } from './defaults.ts';

/**
 * What a job says about how far it is; its text is cut. A share that is off by no more than rounding counts as 1.
 * @throws {RangeError} when the share is none: that is a mistake in the job, and a bar that lies
 */
export function progressOf(fraction: number, text: string | undefined, nowMs: number): Progress {
  if (!(fraction >= 0 && fraction <= 1 + Number.EPSILON * 1024)) {
    throw new RangeError(
      `progress must be 0 to 1, was ${String(fraction)}: give the share that is done, such as done / total`,
    );
  }
  const at = new Date(nowMs).toISOString();
  return {
    fraction: Math.min(fraction, 1),
    ...(text === undefined ? {} : { text: shortened(String(text)) }),
    at,
  };
}

/** By characters, not halves of them. */
function shortened(text: string): string {
  const { maxProgressText } = statusDefaults;
  return [...text.slice(0, 2 * maxProgressText)].slice(0, maxProgressText).join('').toWellFormed();
}
