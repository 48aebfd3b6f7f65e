import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { fargatePrices, taskUsdPerHour } from '../bench/scaling.ts';
import { fargateDefaults as defaultSettings } from '../src/job/compute.ts';

const fargateDefaults = defaultSettings();

const section = readFileSync(join(import.meta.dirname, '../docs/compute.md'), 'utf8');
const hoursOfAMonth = 730;

/** The rows of the settings table: setting → default. */
const settings = new Map(
  section
    .slice(section.indexOf('<!-- compute'))
    .split('\n\n')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| `') && !line.includes('…'))
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
      return [cells[1], cells[3]] as const;
    }),
);

describe('docs/compute.md', () => {
  test('gives every setting of compute with its default', () => {
    expect(Object.fromEntries(settings)).toEqual(
      Object.fromEntries(Object.entries(fargateDefaults).map(([name, value]) => [name, String(value)])),
    );
  });

  test('names the prices that the simulation counts with', () => {
    for (const price of Object.values(fargatePrices)) expect(section).toContain(`${price} USD`);
  });

  test.each([
    ['a task that always runs', hoursOfAMonth * taskUsdPerHour(fargateDefaults)],
    [
      'a million messages of 200 ms',
      ((1e6 * 0.2) / fargateDefaults.concurrency / 3600) * taskUsdPerHour(fargateDefaults),
    ],
    ['a thousand messages of 10 minutes', ((1000 * 600) / 10 / 3600) * taskUsdPerHour(fargateDefaults)],
  ])('its cost of %s follows from them', (row, usd) => {
    const cells =
      section
        .split('\n')
        .find((line) => line.startsWith(`| ${row}`))
        ?.split('|') ?? [];
    expect(cells[3]?.trim()).toMatch(new RegExp(`^${usd.toFixed(2).replace('.', '\\.')}\\b`));
  });
});
