/** How one run of one message ended. Lambda and worker share this definition. */
export type Outcome = Succeeded | Cancelled | Postponed | Retry | Dead;

/** The message is acknowledged. */
interface Succeeded {
  readonly kind: 'succeeded';
  readonly result: unknown;
}

/** Somebody cancelled the job: the message is acknowledged, and no dead letter. */
export interface Cancelled {
  readonly kind: 'cancelled';
}

/** The same job runs elsewhere, and the message was sent to its queue once more: this one is acknowledged. */
interface Postponed {
  readonly kind: 'postponed';
}

/** The message becomes visible again after the delay. */
export interface Retry {
  readonly kind: 'retry';
  readonly error: unknown;
  readonly delaySeconds: number;
}

/** The message goes to the dead-letter queue, with the error as its reason, and is then acknowledged. */
export interface Dead {
  readonly kind: 'dead';
  readonly error: unknown;
}
