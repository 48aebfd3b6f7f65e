import { randomUUID } from 'node:crypto';

/**
 * Makes UUIDs of version 7 (RFC 9562), whose texts sort by time. Those of one maker sort in the order in which they were
 * made, because the 12 bits after the time count up within a millisecond (method 1 of the RFC).
 */
export function uuidv7Maker(now: () => number = Date.now): () => string {
  let timeMs = 0;
  let count = 0;

  return () => {
    const nowMs = now();
    if (nowMs > timeMs) [timeMs, count] = [nowMs, randomCount()];
    else if (count < maxCount) count += 1;
    else [timeMs, count] = [timeMs + 1, randomCount()];
    return format(timeMs, count, randomUUID());
  };
}

/** Replaces the front of a random UUID by the time, the version and the count. Its variant and 62 random bits stay. */
function format(timeMs: number, count: number, random: string): string {
  const time = timeMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, '0')}${random.slice(18)}`;
}

/** A number in the lower half, so that there is room to count up. */
function randomCount(): number {
  return Math.floor(Math.random() * (maxCount / 2));
}

const maxCount = 0xfff;
