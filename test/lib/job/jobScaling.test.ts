import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { tasksFor } from '../../../bench/scalingSimulation.ts';
import { maxSteps, type ScalingRule, scalingRule, scalingSteps } from '../../../lib/job/jobScaling.ts';
import { fargateDefaults } from '../../../src/job/compute.ts';

const rules: fc.Arbitrary<ScalingRule> = fc
  .record({
    min: fc.integer({ min: 0, max: 1000 }),
    more: fc.integer({ min: 0, max: 1000 }),
    share: fc.integer({ min: 1, max: 100_000 }),
  })
  .map(({ min, more, share }) => ({ min, max: Math.min(1000, Math.max(1, min + more)), share }));
const backlogs = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 100_000_000 }));

describe('the scaling rule', () => {
  test('any message starts a task, and only an empty queue has none', () => {
    fc.assert(
      fc.property(rules, backlogs, (rule, backlog) => {
        const tasks = tasksFor(backlog, rule);
        expect(tasks === 0).toBe(backlog === 0 && rule.min === 0);
        if (backlog >= 1) expect(tasks).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  test('stays within min and max, and never below what the backlog calls for', () => {
    fc.assert(
      fc.property(rules, backlogs, (rule, backlog) => {
        const tasks = tasksFor(backlog, rule);
        const called = Math.min(Math.max(Math.ceil(backlog / rule.share), rule.min), rule.max);
        expect(tasks).toBeGreaterThanOrEqual(called);
        expect(tasks).toBeLessThanOrEqual(rule.max);
        if (rule.max - Math.max(1, rule.min) < maxSteps) expect(tasks).toBe(called);
      }),
    );
  });

  test('more backlog never means fewer tasks', () => {
    fc.assert(
      fc.property(rules, backlogs, backlogs, (rule, one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one];
        expect(tasksFor(less, rule)).toBeLessThanOrEqual(tasksFor(more, rule));
      }),
    );
  });

  test('fits one policy: at most 20 steps that begin at 1 and rise to max', () => {
    fc.assert(
      fc.property(rules, (rule) => {
        const steps = scalingSteps(rule);
        expect(steps.length).toBeLessThanOrEqual(maxSteps);
        expect(steps[0]?.backlog).toBe(1);
        expect(steps.at(-1)?.tasks).toBe(rule.max);
        for (const [index, step] of steps.slice(1).entries()) {
          expect(step.backlog).toBeGreaterThan(steps[index]?.backlog ?? 0);
          expect(step.tasks).toBeGreaterThan(steps[index]?.tasks ?? 0);
        }
      }),
    );
  });

  test('1000 tasks fit too, at most half as many again as are called for', () => {
    const rule = { min: 0, max: 1000, share: 10 };
    for (let backlog = 1; backlog <= 10_000; backlog++) {
      const called = Math.ceil(backlog / 10);
      expect(tasksFor(backlog, rule)).toBeLessThanOrEqual(Math.max(called + 1, Math.ceil(called * 1.5)));
    }
  });
});

describe("a task's share", () => {
  const settings = { ...fargateDefaults(), concurrency: 10 };

  test.each([
    ['1m', '10s', 60],
    ['5m', '10s', 300],
    ['1m', '7s', 85],
    ['1m', '2h', 10], // as many as it runs at once: none of them waits
    ['1s', '1m', 10],
  ] as const)('latency %s, %s a message: %i', (latency, messageDuration, share) => {
    expect(scalingRule({ ...settings, latency, messageDuration })).toEqual({ min: 0, max: 10, share });
  });
});
