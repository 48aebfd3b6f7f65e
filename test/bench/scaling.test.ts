import { describe, expect, test } from '@jest/globals';

import { burstyDay, scalingTable, simulateScaling, taskUsdPerHour } from '../../bench/scaling.ts';

const day = burstyDay();
const [ours, cdk, cdkFromZero] = simulateScaling(day);
const published = day.reduce((total, count) => total + count, 0);

describe('a day of bursty load', () => {
  test('through the scaling rule: every message has its turn, none is interrupted, nothing runs when nothing is there', () => {
    expect(ours).toMatchObject({ left: 0, interrupted: 0 });
    expect(ours?.hours[19]).toMatchObject({ published: 0, backlog: 0, tasks: 0, usd: 0 });
    expect(ours?.hours[17]?.tasks).toBeGreaterThan(5);
  });

  test("CDK's pattern from zero never starts a task for 20 messages", () => {
    expect(cdkFromZero?.hours.slice(19).every(({ tasks }) => tasks === 0)).toBe(true);
    expect(cdkFromZero?.left).toBe(20);
  });

  test('costs less than either, and waits less at the end than the one with two tasks', () => {
    expect(ours?.usd).toBeLessThan(cdk?.usd ?? 0);
    expect(ours?.usd).toBeLessThan(cdkFromZero?.usd ?? 0);
    expect(ours?.waitSeconds.p95).toBeLessThan(cdk?.waitSeconds.p95 ?? 0);
  });

  test('is counted whole, and the same each time', () => {
    const hourly = ours?.hours.reduce((total, hour) => total + hour.published, 0);
    expect(hourly).toBe(published);
    expect(simulateScaling(burstyDay())[0]).toEqual(ours);
  });

  test('its table has an hour a row, and a line for each run', () => {
    const lines = scalingTable([ours, cdk].filter((run) => run !== undefined)).split('\n');
    expect(lines.filter((line) => /^ +\d+ +\d+ /.test(line))).toHaveLength(24);
    expect(lines.slice(-2)).toEqual([
      expect.stringMatching(/^this rule, min 0, max 10: 0\.\d\d USD/),
      expect.stringMatching(/^CDK's pattern, min 1, max 2: 0\.\d\d USD/),
    ]);
  });
});

test('a quarter of a vCPU, 512 MB and a public address cost about a cent and a half an hour', () => {
  expect(taskUsdPerHour({ cpu: 256, memory: 512 })).toBeCloseTo(0.014875, 6);
});
