import { expect, test } from '@jest/globals';
import { soak } from '../../bench/soak/soak.ts';

/** Each way to end once, and most of them again. */
const jobs = 80;

test(`${jobs} jobs that end in every way there is, over a failing network, all get the fate they were promised`, async () => {
  const { failures, published, succeeded, dead, missing, stuck } = await soak({
    jobs,
    seed: 42,
    stopAfterMs: 240_000,
  });
  expect(failures).toEqual([]);
  expect({ published, missing, stuck }).toEqual({ published: jobs, missing: 0, stuck: 0 });
  expect(succeeded + dead).toBe(jobs);
  expect(dead).toBeGreaterThan(10);
}, 300_000);
