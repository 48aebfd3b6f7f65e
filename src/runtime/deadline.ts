import { DeadlineError } from './errors.ts';

/** The moment by which a batch must have been reported, in three steps: abort, report, give up on SQS. */
export interface Deadline {
  /** Aborted when what is unfinished should stop; one for the whole batch. */
  readonly signal: AbortSignal;
  /** Aborts `signal` before its time, with this reason. */
  abort(reason: unknown): void;
  /** Resolves a little after `signal`, when what still runs is reported as unfinished. Never rejects. */
  readonly reached: Promise<void>;
  /** For the calls that settle failed messages; aborted a little before the function is killed. */
  settlingSignal(): AbortSignal;
  /** Milliseconds until the function is killed. */
  remainingMs(): number;
  /** Stops the clock. */
  clear(): void;
}

/**
 * @param remainingMs until Lambda kills the function. A tenth of it, at least 500 ms and at most 3 s, is kept for
 * reporting: loading the AWS SDK, changing visibilities and sending dead letters.
 * @param onAbort called when the signal is aborted
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
