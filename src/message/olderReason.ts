/** How a dead letter came into its queue, by its system attributes. */
export interface Arrival {
  /** `SentTimestamp`, epoch ms; a move by SQS's redrive policy keeps the first one. */
  readonly sentAtMs: number;
  /** `ApproximateReceiveCount`; such a move keeps it, too. */
  readonly receiveCount: number;
  /** `DeadLetterQueueSourceArn`, the queue whose redrive policy moved it; undefined where it was sent to the dead letters. */
  readonly sourceArn: string | undefined;
}

/**
 * Whether a dead letter's reason is that of an earlier death. What the runtime sends to the dead letters is sent at its
 * death, and received by nobody yet. A move of the whole queue back to the job makes a new message with the same reason;
 * where that one dies without an outcome, the redrive policy moves it as it is, with its receives.
 */
export function isOlderReason(
  lastFailureAt: string,
  { sentAtMs, receiveCount, sourceArn }: Arrival,
): boolean {
  if (sourceArn !== undefined) return true;
  return receiveCount > fewestMovedReceives && sentAtMs > Date.parse(lastFailureAt) + clocksApartMs;
}

/** With maxAttempts 1 the third receive moves it. */
const fewestMovedReceives = 3;

/** How far the runtime's clock may be behind SQS's, and how long its send may take. */
const clocksApartMs = 10_000;
