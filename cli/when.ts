import { type Duration, durationSeconds } from '../src/job/duration.ts';
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
 * When to publish, by the options; empty for at once.
 * @throws {CommandError} when both are given, one cannot be read, or the time is in the past
 */
export function whenOf({ delay, at }: WhenOptions): When {
  if (delay !== undefined && at !== undefined) {
    throw new CommandError('--delay and --at both say when: give one of them');
  }
  if (at !== undefined) return { at: instantOf(at) };
  return delay === undefined ? {} : { delay: durationOption('--delay', delay) };
}

/**
 * `2026-12-24T17:00:00Z, in 10m`: the real time of a moment, as `schedules list` shows it. On a platform whose time is sped up
 * the moment comes sooner.
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
  throw new CommandError(
    `--at is in the past (${instant.toISOString()}): choose a later time, or leave it out`,
  );
}

/**
 * Checks an option that is a duration, such as `10m`.
 * @throws {CommandError} when it cannot be read
 */
export function durationOption(option: string, text: string): Duration {
  try {
    durationSeconds(text);
    return text as Duration;
  } catch (cause) {
    throw new CommandError(`${option}: ${(cause as Error).message}`, { cause });
  }
}
