import { type Duration, durationSeconds } from './duration.ts';

/**
 * How long a failed message waits for its next attempt: always the same (`'30s'`), one delay after another
 * (`['10s', '1m', '10m']`, the last one repeated), or growing.
 */
export type RetryDelay = Duration | readonly Duration[] | GrowingDelay;

/** A delay that grows with each attempt: `initial`, `initial × factor`, `initial × factor²`, … up to `max`. */
export interface GrowingDelay {
  readonly initial: Duration;
  /** 1 or more. Default 2. */
  readonly factor?: number;
  /** Default `'1h'`. */
  readonly max?: Duration;
  /** The share of each delay that is left to chance, 0 to 1, so that messages that failed together part. Default 0.5. */
  readonly jitter?: number;
}

/** What a growing delay gets where it says nothing. */
const growingDelayDefaults = { factor: 2, max: '1h', jitter: 0.5 } as const;

/**
 * The delay after an attempt that failed, in whole seconds.
 * @param attempt the attempt that failed, 1 for the first
 * @param chance from 0 (no jitter: the longest delay) up to 1
 */
export function retryDelaySeconds(delay: RetryDelay, attempt: number, chance: number): number {
  if (typeof delay === 'string') return Math.ceil(durationSeconds(delay));
  if ('length' in delay)
    return Math.ceil(durationSeconds(delay[Math.min(attempt, delay.length) - 1] ?? '0s'));
  const { initial, factor, max, jitter } = { ...growingDelayDefaults, ...delay };
  const grown = Math.min(durationSeconds(initial) * factor ** (attempt - 1), durationSeconds(max));
  return Math.ceil(grown * (1 - jitter * chance));
}

/** Why a value cannot be a `retryDelay`; undefined when it can. `isAllowed` tells whether a duration is within bounds. */
export function retryDelayProblem(
  value: unknown,
  isAllowed: (duration: unknown) => boolean,
): string | undefined {
  if (typeof value === 'string') return isAllowed(value) ? undefined : 'the delay';
  if (Array.isArray(value)) {
    const bad = value.findIndex((duration) => !isAllowed(duration));
    return value.length === 0 ? 'the list is empty' : bad === -1 ? undefined : `delay ${bad + 1} of the list`;
  }
  return typeof value === 'object' && value !== null ? growingDelayProblem(value, isAllowed) : 'the delay';
}

function growingDelayProblem(value: object, isAllowed: (duration: unknown) => boolean): string | undefined {
  const { initial, factor, max, jitter, ...unknown } = {
    ...growingDelayDefaults,
    initial: undefined,
    ...value,
  };
  if (!isAllowed(initial)) return 'initial';
  if (durationSeconds(String(initial) as Duration) === 0)
    return 'initial (more than 0s, or it would never grow)';
  if (typeof factor !== 'number' || !(factor >= 1) || factor > 100) return 'factor (1 to 100)';
  if (!isAllowed(max)) return 'max';
  if (typeof jitter !== 'number' || !(jitter >= 0 && jitter <= 1)) return 'jitter (0 to 1)';
  const [name] = Object.keys(unknown);
  return name === undefined ? undefined : `${name} is none of initial, factor, max, jitter`;
}
