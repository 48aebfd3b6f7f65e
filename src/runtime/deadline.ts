import { DeadlineError } from './errors.ts';

/** When a batch must stop, report its outcomes, and give up on SQS. */
export interface Deadline {
  /** Is aborted when unfinished runs should stop. The whole batch has one signal. */
  readonly signal: AbortSignal;
  /** Aborts `signal` now, with this reason. */
  abort(reason: unknown): void;
  /**
   * Resolves a little after `signal` is aborted, when runs that still go on are reported as unfinished. Never rejects.
   */
  readonly reached: Promise<void>;
  /** A signal for the calls that settle failed messages. It is aborted a little before the function is killed. */
  settlingSignal(): AbortSignal;
  /** Milliseconds until the function is killed. */
  remainingMs(): number;
  /** Stops the clock. */
  clear(): void;
}

/**
 * @param remainingMs the milliseconds until Lambda kills the function. A tenth of them, at least 500 ms and at most 3
 *   s, is
 *   kept for reporting: loading the AWS SDK, changing visibilities and sending dead letters
 * @param onAbort is called when the signal is aborted
 */
export function startDeadline(remainingMs: number, onAbort?: () => void): Deadline {
  const endsAt = performance.now() + remainingMs;
  const remaining = (): number => endsAt - performance.now();
  const marginMs = Math.min(Math.max(remainingMs / 10, 500), 3000);
  const controller = new AbortController();
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const abort = (reason: unknown): void => {
    clearTimeout(timer);
    onAbort?.();
    controller.abort(reason);
    timer = setTimeout(resolve, marginMs / 4);
  };
  const abortAfterMs = remainingMs - marginMs;
  let timer = setTimeout(() => abort(new DeadlineError(Math.round(abortAfterMs))), abortAfterMs);
  return {
    signal: controller.signal,
    abort,
    reached,
    settlingSignal: () => AbortSignal.timeout(Math.max(Math.floor(remaining() - marginMs / 4), 1)),
    remainingMs: remaining,
    clear: () => clearTimeout(timer),
  };
}
