import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { issues, keyOf } from './behaviours/behaviour.ts';
import { behaviours } from './behaviours/index.ts';
import { type Laptop, startLaptop } from './behaviours/laptop.ts';
import { type Tried, tryAll } from './behaviours/tryAll.ts';

let laptop: Laptop;
const tried = new Map<string, Tried>();

// Most rows wait for something, so many are tried at once.
beforeAll(async () => {
  laptop = await startLaptop();
  const all = tryAll(behaviours, laptop.endpoint, laptop.hosts, { atOnce: 48 });
  for await (const result of all) tried.set(keyOf(result.behaviour), result);
});
afterAll(() => laptop.stop());

describe('The list of what AWS does', () => {
  test('has at least 150 behaviours, each with a source and a name of its own', () => {
    expect(behaviours.length).toBeGreaterThanOrEqual(150);
    for (const { name, source } of behaviours) {
      expect([name, source]).toEqual([
        name,
        expect.stringMatching(/^(https:\/\/docs\.aws\.amazon\.com\/|(recorded|verified) on AWS: )/),
      ]);
    }
    expect(new Set(behaviours.map(keyOf)).size).toBe(behaviours.length);
  });

  test('marks what the laptop does not do with an issue', () => {
    const marks = behaviours.flatMap(({ unmet }) => unmet ?? []);
    expect(Object.values(issues)).toEqual(expect.arrayContaining([...new Set(marks)]));
  });
});

describe("The laptop's endpoint", () => {
  const met = behaviours.filter(({ unmet }) => unmet === undefined);
  test.each(met.map((behaviour) => [keyOf(behaviour)]))('does it: %s', (key) => {
    const { verdict, error } = tried.get(key) as Tried;
    if (verdict !== 'yes') throw error;
  });

  const unmet = behaviours.filter((behaviour) => behaviour.unmet !== undefined);
  test.each(unmet.map((behaviour) => [keyOf(behaviour)]))('does not do it yet: %s', (key) => {
    const { behaviour, verdict } = tried.get(key) as Tried;
    if (verdict === 'yes') throw new Error(`It does now: take the mark of "${behaviour.name}" away.`);
  });
});
