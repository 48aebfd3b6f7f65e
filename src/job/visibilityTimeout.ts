import { isOnFargate } from './compute.ts';
import type { AnyJob } from './defineJob.ts';
import { durationSeconds } from './duration.ts';
import { defaultBatchWindow, defaultTimeout } from './options.ts';

/**
 * The visibility timeout of a job's queue, in seconds: six function timeouts and the batching window, as AWS advises.
 * Lambda can then try a throttled batch again before SQS delivers its messages a second time. A worker keeps its
 * messages invisible by heartbeats. Its queue has 2 min, so that a crash is noticed soon.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export function visibilityTimeoutSeconds({
  compute,
  timeout = defaultTimeout,
  batchWindow = defaultBatchWindow,
}: Pick<AnyJob, 'compute' | 'timeout' | 'batchWindow'>): number {
  if (isOnFargate(compute)) return 120;
  return 6 * durationSeconds(timeout) + durationSeconds(batchWindow);
}
