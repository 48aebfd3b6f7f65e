import { type Duration, durationSeconds } from './duration.ts';

/**
 * How long a failed message waits for its next attempt. It is one delay for all attempts (`'30s'`), a list with a delay
 * for each attempt (`['10s', '1m', '10m']`, the last one repeated), or a delay that grows (`{ initial: '10s' }`).
 */
export type RetryDelay = Duration | readonly Duration[] | GrowingDelay;

/** A delay that grows with each attempt: `initial`, `initial × factor`, `initial × factor²`, … up to `max`. */
export interface GrowingDelay {
  readonly initial: Duration;
  /** From 1 to 100. Default 2. */
  readonly factor?: number;
  /** The longest delay. Default `'1h'`. */
  readonly max?: Duration;
  /**
   * The share of each delay that is random, from 0 to 1, so that messages that failed together do not come back
   * together: with 0.5 a delay of 60 s becomes 30 to 60 s. Default 0.5.
   */
  readonly jitter?: number;
}

/** The defaults of a growing delay. */
const growingDelayDefaults = { factor: 2, max: '1h', jitter: 0.5 } as const;

/**
 * The delay after a failed attempt, in whole seconds.
 * @param attempt the number of the failed attempt, from 1
 * @param chance a random number from 0 to 1; 0 gives the longest delay
 */
export function retryDelaySeconds(delay: RetryDelay, attempt: number, chance: number): number {
  if (typeof delay === 'string') return Math.ceil(durationSeconds(delay));
  if ('length' in delay)
    return Math.ceil(durationSeconds(delay[Math.min(attempt, delay.length) - 1] ?? '0s'));
  const { initial, factor, max, jitter } = { ...growingDelayDefaults, ...delay };
  const grown = Math.min(durationSeconds(initial) * factor ** (attempt - 1), durationSeconds(max));
  return Math.ceil(grown * (1 - jitter * chance));
}

/**
 * The part of a value because of which it cannot be a `retryDelay`; undefined when it can.
 * @param isAllowed whether a value is a duration within the bounds
 */
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
  return name === undefined ? undefined : `${name} is not one of initial, factor, max, jitter`;
}
