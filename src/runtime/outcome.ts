/** How one run of one message ended, in Lambda or in a worker. */
export type Outcome = Succeeded | Cancelled | Postponed | Retry | Dead;

/** The message is acknowledged. */
interface Succeeded {
  readonly kind: 'succeeded';
  readonly result: unknown;
}

/** Somebody cancelled the job. The message is acknowledged, and does not become a dead letter. */
export interface Cancelled {
  readonly kind: 'cancelled';
}

/** The same job runs elsewhere. A copy of the message was sent to the queue, and the message is acknowledged. */
interface Postponed {
  readonly kind: 'postponed';
}

/** The message becomes visible again after the delay. */
export interface Retry {
  readonly kind: 'retry';
  readonly error: unknown;
  readonly delaySeconds: number;
}

/** The message is sent to the dead-letter queue, with the error as its reason, and is then acknowledged. */
export interface Dead {
  readonly kind: 'dead';
  readonly error: unknown;
}
