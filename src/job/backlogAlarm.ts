import type { JobOptions } from './defineJob.ts';
import { durationSeconds } from './duration.ts';
import { jobOptions } from './options.ts';
import { retryDelaySeconds } from './retryDelay.ts';

/**
 * The age of a queue's oldest message that raises a job's backlog alarm, in seconds: the option, or else 6 h. Where
 * healthy messages can get older than 6 h, it is their age and one hour more, rounded up to whole hours. That is 49 h
 * at most, after two runs and two delays of 12 h.
 */
export function backlogAlarmSeconds(options: BacklogOptions): number {
  if (options.backlogAlarmAfter !== undefined) return durationSeconds(options.backlogAlarmAfter);
  const usual = durationSeconds(jobOptions.backlogAlarmAfter.default);
  const healthy = healthyAgeSeconds(options);
  return healthy < usual ? usual : Math.ceil((healthy + hour) / hour) * hour;
}

/**
 * How old a message may get, in seconds, although its job is healthy. CloudWatch counts a message into the queue's age
 * until its third receive. That covers two attempts, each with the delay after it.
 */
export function healthyAgeSeconds({
  timeout = jobOptions.timeout.default,
  batchWindow = jobOptions.batchWindow.default,
  maxAttempts = jobOptions.maxAttempts.default,
  retryDelay = jobOptions.retryDelay.default,
}: BacklogOptions): number {
  const run = durationSeconds(batchWindow) + durationSeconds(timeout);
  return [1, 2]
    .filter((attempt) => attempt <= maxAttempts)
    .map((attempt) => run + (attempt < maxAttempts ? retryDelaySeconds(retryDelay, attempt, 0) : 0))
    .reduce((sum, seconds) => sum + seconds, 0);
}

type BacklogOptions = Pick<
  Partial<JobOptions>,
  'backlogAlarmAfter' | 'timeout' | 'batchWindow' | 'maxAttempts' | 'retryDelay'
>;

const hour = 3600;
