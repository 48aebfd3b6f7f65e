import { healthyAgeSeconds } from '../backlogAlarm.ts';
import type { JobOptions } from '../defineJob.ts';
import { durationSeconds, formatDuration } from '../duration.ts';
import { jobOptions } from '../options.ts';
import { crashNoticeSeconds, queueRetention } from '../retention.ts';
import { retryDelaySeconds } from '../retryDelay.ts';
import { visibilityTimeoutSeconds } from '../visibilityTimeout.ts';
import { shown } from './given.ts';
import type { JobProblem } from './problems.ts';

/**
 * What is wrong with how long a message lives. Several options decide that
 * together, and each of them is right by itself.
 */
export function lifetimeProblems(options: Partial<JobOptions>): JobProblem[] {
  return [...retentionProblems(options), ...backlogProblems(options)];
}

/**
 * SQS deletes a message without a trace when it is retried for longer than its queue keeps it. This counts the worst
 * case: every attempt runs to its timeout, and the wait after it is the retry delay or, if that is longer, the
 * visibility timeout, as after a crash. After the last attempt there is the time in which the runtime notices that it
 * crashed.
 */
function retentionProblems(options: Partial<JobOptions>): JobProblem[] {
  const {
    maxAttempts = jobOptions.maxAttempts.default,
    retryDelay = jobOptions.retryDelay.default,
    timeout = jobOptions.timeout.default,
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

/** A healthy job must not raise the alarm, or people learn to ignore it. The default is long enough for every job. */
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
