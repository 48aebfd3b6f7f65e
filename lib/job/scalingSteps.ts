import { durationSeconds } from '../../src/job/duration.ts';
import type { FargateSettings } from './jobSettings.ts';

/** How many tasks a backlog calls for. A backlog counts the messages that wait and those that are being run. */
export interface ScalingRule {
  /** Tasks at an empty queue. */
  readonly min: number;
  /** Tasks at most. */
  readonly max: number;
  /** Messages of the backlog for each task, 1 or more. */
  readonly share: number;
}

/** From this backlog up to the next step's, so many tasks. */
export interface ScalingStep {
  readonly backlog: number;
  readonly tasks: number;
}

/** Application Auto Scaling's quota: step adjustments of one policy. */
export const maxSteps = 20;

/**
 * One task's share is what it gets through within `latency`, and never less than what it runs at once: no message
 * of such a share waits longer for its turn.
 */
export function scalingRule({
  min,
  max,
  concurrency,
  latency,
  messageDuration,
}: FargateSettings): ScalingRule {
  const perSlot = durationSeconds(latency) / durationSeconds(messageDuration);
  return { min, max, share: Math.max(concurrency, Math.floor(perSlot * concurrency)) };
}

/**
 * The rule as step scaling takes it: a table that starts at a backlog of 1, so that the first message starts a task.
 * More than 20 numbers of tasks do not fit into one: then some are left out, rather more tasks than too few.
 */
export function scalingSteps({ min, max, share }: ScalingRule): ScalingStep[] {
  const levels = taskLevels(Math.max(1, min), max);
  return levels.map((tasks, index) => ({ backlog: (levels[index - 1] ?? 0) * share + 1, tasks }));
}

/** What the steps make of a backlog: `ceil(backlog ÷ share)` within min and max, rounded up to the next step. */
export function tasksFor(backlog: number, rule: ScalingRule): number {
  return scalingSteps(rule).findLast((step) => backlog >= step.backlog)?.tasks ?? rule.min;
}

/** Every number from the first to the last, or 20 of them whose distances grow evenly. */
function taskLevels(first: number, last: number): number[] {
  const levels = [first];
  for (let level = first; level < last; ) {
    const left = maxSteps - levels.length;
    level = Math.max(level + 1, Math.min(last, Math.ceil(level * (last / level) ** (1 / left) - 1e-9)));
    levels.push(level);
  }
  return levels;
}
