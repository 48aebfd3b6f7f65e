import type { BatchOutcome } from '../aws/lambda/eventSourceMapping.ts';
import { noRuns, type RunCounts } from './view.ts';

/** Adds up what became of the batches of every queue. */
export function countBatch(
  counts: Map<string, RunCounts>,
  { queueName, messageIds, failedMessageIds, result }: BatchOutcome,
): void {
  const { acknowledged, failed, brokenInvocations } = counts.get(queueName) ?? noRuns;
  counts.set(queueName, {
    acknowledged: acknowledged + messageIds.length - failedMessageIds.length,
    failed: failed + failedMessageIds.length,
    brokenInvocations: brokenInvocations + (result.status === 'error' ? 1 : 0),
    lastDurationMs: result.durationMs,
  });
}
