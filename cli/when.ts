import { durationSeconds } from '../src/job/duration.ts';
import type { When } from '../src/publisher/index.ts';
import { isInstant } from '../src/schedule/timeZone.ts';
import { CommandError } from './outcome.ts';
import { instantText, lengthOfTime } from './text.ts';

/** The options `--delay` and `--at`. */
export interface WhenOptions {
  readonly delay?: string;
  readonly at?: string;
}

/**
 * When to publish, as it was typed; empty for at once.
 * @throws {CommandError} when that is no time, or past
 */
export function whenOf({ delay, at }: WhenOptions): When {
  if (delay !== undefined && at !== undefined) {
    throw new CommandError('--delay and --at both say when: give one of them');
  }
  if (at !== undefined) return { at: instantOf(at) };
  return delay === undefined ? {} : { delay: durationOf(delay) };
}

/**
 * `2026-12-24T17:00:00Z, in 10m`: as `schedules list` says it, in real time, which comes sooner on a platform whose time is
 * sped up.
 */
export function untilText(at: Date, speed: number = 1, now: number = Date.now()): string {
  const waitMs = (at.getTime() - now) / speed;
  const real = speed === 1 ? '' : ` (real time, speed ${speed})`;
  return `${instantText(new Date(now + waitMs))}, in ${lengthOfTime(waitMs / 1_000)}${real}`;
}

function instantOf(at: string): Date {
  if (!isInstant(at)) {
    throw new CommandError(
      `--at must be an ISO instant with Z or an offset, such as 2026-12-24T18:00:00+01:00, was '${at}'`,
    );
  }
  const instant = new Date(at);
  if (instant.getTime() > Date.now()) return instant;
  throw new CommandError(`--at is past (${instant.toISOString()}): choose a time ahead, or leave it out`);
}

function durationOf(delay: string): Exclude<When['delay'], undefined> {
  try {
    durationSeconds(delay);
    return delay as Exclude<When['delay'], undefined>;
  } catch (cause) {
    throw new CommandError(`--delay: ${(cause as Error).message}`, { cause });
  }
}
