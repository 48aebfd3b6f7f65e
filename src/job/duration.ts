/** A length of time: a whole or decimal number and its unit, such as `'30s'`, `'1.5h'`, `'15m'` or `'14d'`. */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`;

/**
 * The length of a duration in seconds, to the millisecond.
 * @throws {RangeError} when the text is no duration (`'5 minutes'`, `'-1s'`, `'1e3s'`)
 */
export function durationSeconds(duration: string): number {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])$/.exec(duration) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new RangeError(
      `'${duration}' is no duration: write a number and s, m, h or d, such as '30s' or '15m'`,
    );
  }
  const seconds = Number(amount) * secondsPerUnit[unit as keyof typeof secondsPerUnit];
  // To the millisecond: 2.05 × 60 is 122.99999999999999 to a computer.
  return Math.round(seconds * 1000) / 1000;
}

/** The shortest text of a length of time in whole units: 90 → `'90s'`, 900 → `'15m'`. */
export function formatDuration(seconds: number): Duration {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (seconds > 0 && seconds % secondsPerUnit[unit] === 0)
      return `${seconds / secondsPerUnit[unit]}${unit}`;
  }
  return `${seconds}s`;
}

const secondsPerUnit = { s: 1, m: 60, h: 3600, d: 86_400 };
