import { healthyAgeSeconds } from '../backlogAlarm.ts';
import { crashNoticeSeconds, jobDefaults, queueRetention } from '../defaults.ts';
import type { JobOptions } from '../defineJob.ts';
import { durationSeconds, formatDuration } from '../duration.ts';
import { retryDelaySeconds } from '../retryDelay.ts';
import { visibilityTimeoutSeconds } from '../visibilityTimeout.ts';
import { shown } from './given.ts';
import type { JobProblem } from './problems.ts';

/** What is wrong with how long a message lives, which several options say together. Each of them is right by itself. */
export function lifetimeProblems(options: Partial<JobOptions>): JobProblem[] {
  return [...retentionProblems(options), ...backlogProblems(options)];
}

/**
 * A message that is retried for longer than its queue keeps it is deleted by SQS without a trace. Counted is the worst
 * case: every attempt runs to its timeout, each wait is the longer of the retry delay and, for an attempt that crashed,
 * the visibility timeout; and after the last one there is the time that the runtime keeps to notice that it crashed.
 */
function retentionProblems(options: Partial<JobOptions>): JobProblem[] {
  const {
    maxAttempts = jobDefaults.maxAttempts,
    retryDelay = jobDefaults.retryDelay,
    timeout = jobDefaults.timeout,
  } = options;
  const visibilitySeconds = visibilityTimeoutSeconds(options);
  const waits = Array.from({ length: maxAttempts - 1 }, (_, index) =>
    Math.max(retryDelaySeconds(retryDelay, index + 1, 0), visibilitySeconds),
  );
  const waitSeconds = waits.reduce((sum, wait) => sum + wait, 0);
  const total = waitSeconds + maxAttempts * durationSeconds(timeout) + crashNoticeSeconds;
  if (total <= durationSeconds(queueRetention)) return [];
  return [
    {
      option: 'maxAttempts',
      given: `${maxAttempts} with retryDelay ${shown(retryDelay)}`,
      bound: `retries that end within the queue's retention of ${queueRetention}; these may take ${Math.ceil(total / 3600)}h`,
      advice: 'choose fewer attempts, a shorter retryDelay or a shorter timeout',
    },
  ];
}

/** An alarm that a healthy job raises teaches people to look away. The default is long enough for each. */
function backlogProblems(options: Partial<JobOptions>): JobProblem[] {
  const { backlogAlarmAfter } = options;
  const seconds = healthyAgeSeconds(options);
  if (backlogAlarmAfter === undefined || seconds < durationSeconds(backlogAlarmAfter)) return [];
  return [
    {
      option: 'backlogAlarmAfter',
      given: shown(backlogAlarmAfter),
      bound: `longer than the runs and delays until a message's third receive, ${formatDuration(seconds)}, which would raise it for nothing`,
      advice:
        'choose a longer one, up to 3d, or remove it: by default it is long enough; or choose a shorter timeout or shorter first delays',
    },
  ];
}
