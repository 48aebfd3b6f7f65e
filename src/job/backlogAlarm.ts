import type { JobOptions } from './defineJob.ts';
import { durationSeconds } from './duration.ts';
import { jobOptions } from './options.ts';
import { retryDelaySeconds } from './retryDelay.ts';

/**
 * The age of a queue's oldest message that raises a job's backlog alarm, in seconds: as given, or 6 h; where its healthy
 * messages get as old as that, an hour more than they, in whole hours (49 h at most: two runs and two delays of 12 h).
 */
export function backlogAlarmSeconds(options: BacklogOptions): number {
  if (options.backlogAlarmAfter !== undefined) return durationSeconds(options.backlogAlarmAfter);
  const usual = durationSeconds(jobOptions.backlogAlarmAfter.default);
  const healthy = healthyAgeSeconds(options);
  return healthy < usual ? usual : Math.ceil((healthy + hour) / hour) * hour;
}

/**
 * How old a message may get, in seconds, that nothing keeps from being run. CloudWatch counts it into the queue's age,
 * running or waiting, until its third receive: for two attempts, each with the delay before the next.
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
