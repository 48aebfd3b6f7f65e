/** How many messages are published in each second of a day: a quiet night, office hours, two bursts, stragglers. */
export function burstyDay(seed = 1): Uint32Array {
  const random = randomNumbers(seed);
  const published = new Uint32Array(24 * 3600);
  for (let second = 0; second < published.length; second++) {
    published[second] = poisson(perSecond(second / 3600), random);
  }
  for (const { hour, messages } of bursts) published[hour * 3600] = (published[hour * 3600] ?? 0) + messages;
  return published;
}

const bursts = [
  { hour: 12, messages: 3000 },
  { hour: 17, messages: 20_000 },
  { hour: 21, messages: 20 },
];

/** The rate by the hour of the day, in messages a second. */
function perSecond(hour: number): number {
  if (hour < 7) return 1 / 1800;
  if (hour < 9) return (hour - 7) * 1.5;
  if (hour < 16) return 2;
  if (hour < 18) return 1;
  return 0;
}

/** @see https://en.wikipedia.org/wiki/Poisson_distribution (Knuth's method) */
function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** mulberry32: the same day for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
