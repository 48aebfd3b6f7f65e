import { type Duration, durationSeconds } from '../job/duration.ts';
import { isInstant } from '../schedule/timeZone.ts';
import { timeAhead } from './delay/onceSchedule.ts';
import { InvalidDelayError } from './errors.ts';
import { kindOf, shown } from './shown.ts';

/** When to publish a job: give `delay` or `at`, not both. By default it is published at once. */
export interface When {
  /** How long from now, such as `'10m'` or `'30d'`. `'0s'` publishes at once. */
  readonly delay?: Duration | undefined;
  /** A time in the future: a `Date`, or an ISO text with `Z` or an offset, such as `'2026-12-24T18:00:00+01:00'`. */
  readonly at?: Date | string | undefined;
}

/**
 * The time that was given, rounded up to whole seconds. Undefined when the job is to be published at once.
 * @throws {InvalidDelayError} when it is unreadable, in the past, or after the year 9999
 */
export function publishTime(
  job: { readonly jobName?: string; readonly jobId: string },
  { delay, at }: When,
  nowMs: number,
): Date | undefined {
  if (delay !== undefined && at !== undefined) {
    throw new InvalidDelayError(job, 'delay and at both say when. Give one of them');
  }
  if (at !== undefined) return timeAhead(job, instantOf(job, at), nowMs);
  const delayMs = delay === undefined ? 0 : delayMsOf(job, delay);
  return delayMs === 0 ? undefined : timeAhead(job, new Date(nowMs + delayMs), nowMs);
}

function instantOf(job: Parameters<typeof publishTime>[0], at: unknown): Date {
  if (typeof at === 'string' && isInstant(at)) return new Date(at);
  if (kindOf(at) === 'Date') return at as Date;
  const problem = `at is ${shown(at)}, which is no instant. Give a Date, or an ISO text with Z or an offset, such as '2026-12-24T18:00:00+01:00'`;
  throw new InvalidDelayError(job, problem);
}

function delayMsOf(job: Parameters<typeof publishTime>[0], delay: string): number {
  try {
    return durationSeconds(delay) * 1000;
  } catch (cause) {
    throw new InvalidDelayError(job, `its delay: ${(cause as Error).message}`, { cause });
  }
}
