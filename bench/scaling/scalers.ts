import { idleMinutes, type ScalingRule, scalingSteps } from '../../lib/job/jobScaling.ts';

/** What the queue's metrics say of one minute. */
export interface Reading {
  readonly waiting: number;
  readonly running: number;
}

/** Decides on a service's desired count once a minute, by the readings so far, the newest last. */
export interface Scaler {
  readonly name: string;
  readonly startsWith: number;
  /** Whether ECS leaves tasks alone that have messages in hand. */
  readonly protectsBusyTasks: boolean;
  desired(before: number, readings: readonly Reading[]): number;
}

/** The rule of lib/job/jobScaling.ts as lib/job/jobScaling.ts sets it up: one alarm that follows the backlog, one for idle. */
export function backlogScaler(rule: ScalingRule): Scaler {
  const backlog = ({ waiting, running }: Reading) => waiting + running;
  return {
    name: `this rule, min ${rule.min}, max ${rule.max}`,
    startsWith: rule.min,
    protectsBusyTasks: true,
    desired(before, readings) {
      const newest = readings.at(-1);
      if (newest !== undefined && backlog(newest) >= 1) return tasksFor(backlog(newest), rule);
      const isIdle =
        readings.length >= idleMinutes && readings.slice(-idleMinutes).every((one) => backlog(one) < 1);
      return isIdle ? rule.min : before;
    },
  };
}

/** How many tasks the rule's steps start for a backlog, as step scaling reads them. */
export function tasksFor(backlog: number, rule: ScalingRule): number {
  return scalingSteps(rule).findLast((step) => backlog >= step.backlog)?.tasks ?? rule.min;
}

/**
 * CDK's QueueProcessingFargateService as it comes, but for its scaling on CPU: visible messages ≤ 0 takes a task away,
 * ≥ 100 adds one, ≥ 500 adds five, by the maximum of five minutes, five minutes apart.
 */
export function cdkScaler({ min, max }: { min: number; max: number }): Scaler {
  let restMinutes = 0;
  return {
    name: `CDK's pattern, min ${min}, max ${max}`,
    startsWith: min,
    protectsBusyTasks: false,
    desired(before, readings) {
      restMinutes -= 1;
      if (readings.length % 5 !== 0 || restMinutes > 0) return before;
      const visible = Math.max(...readings.slice(-5).map(({ waiting }) => waiting));
      const change = visible >= 500 ? 5 : visible >= 100 ? 1 : visible <= 0 ? -1 : 0;
      const after = Math.min(Math.max(before + change, min), max);
      if (after !== before) restMinutes = 5;
      return after;
    },
  };
}
