/**
 * A length of time: a number and its unit (seconds, minutes, hours or days), such
 * as `'30s'`, `'15m'`, `'1.5h'` or `'14d'`.
 */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`;

/**
 * A duration in seconds, rounded to the millisecond.
 * @throws {RangeError} when the text is not a duration, such as `'5 minutes'`, `'-1s'` or `'1e3s'`
 */
export function durationSeconds(duration: string): number {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])$/.exec(duration) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new RangeError(
      `'${duration}' is no duration: write a number and s, m, h or d, such as '30s' or '15m'`,
    );
  }
  const seconds = Number(amount) * secondsPerUnit[unit as keyof typeof secondsPerUnit];
  // A computer gets 122.99999999999999 for 2.05 × 60.
  return Math.round(seconds * 1000) / 1000;
}

/** A number of seconds as a duration, in the largest unit that divides it: 90 → `'90s'`, 900 → `'15m'`. */
export function formatDuration(seconds: number): Duration {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (seconds > 0 && seconds % secondsPerUnit[unit] === 0)
      return `${seconds / secondsPerUnit[unit]}${unit}`;
  }
  return `${seconds}s`;
}

const secondsPerUnit = { s: 1, m: 60, h: 3600, d: 86_400 };
