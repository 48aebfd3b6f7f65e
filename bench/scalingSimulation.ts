import { idleMinutes, type ScalingRule, scalingSteps } from '../lib/job/jobScaling.ts';

/** The queue's metrics of one minute. */
interface Reading {
  readonly waiting: number;
  readonly running: number;
}

/** Decides on a service's desired count once a minute, by the readings so far, of which the newest is the last. */
interface Scaler {
  readonly name: string;
  readonly startsWith: number;
  /** Whether ECS spares tasks that have messages in hand. */
  readonly protectsBusyTasks: boolean;
  desired(before: number, readings: readonly Reading[]): number;
}

/** The rule of lib/job/jobScaling.ts: one alarm follows the backlog, another one sees that nothing is left to do. */
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
 * CDK's QueueProcessingFargateService with its defaults, but without its scaling on CPU. Every five minutes it looks at the
 * most visible messages of those five minutes: 0 takes a task away, 100 or more add one, 500 or more add five.
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

/** What a task does, and what it costs. */
interface TaskModel {
  /** How many messages it runs at once. */
  readonly concurrency: number;
  readonly messageSeconds: number;
  /** From the decision to its first message: the image is pulled, and Node starts. */
  readonly startSeconds: number;
  readonly usdPerHour: number;
}

interface Hour {
  readonly published: number;
  /** The largest backlog of the hour, with running messages. */
  readonly backlog: number;
  /** The mean number of tasks. Starting tasks count, because they are paid for. */
  readonly tasks: number;
  readonly usd: number;
}

export interface Run {
  readonly name: string;
  readonly hours: readonly Hour[];
  readonly usd: number;
  /** How long messages waited to begin, of those that began. */
  readonly waitSeconds: { readonly p50: number; readonly p95: number; readonly max: number };
  /** Messages whose task was stopped while it ran them. */
  readonly interrupted: number;
  /** Messages that had not begun when the day was over. */
  readonly left: number;
}

/** CloudWatch has the metrics of a minute about a minute later. */
const metricLagMinutes = 1;

/** Simulates a day second by second. */
export function simulate(published: Uint32Array, scaler: Scaler, task: TaskModel): Run {
  const waiting: number[] = []; // when each was published, in order
  let first = 0; // of those that still wait
  const ending = new Map<number, number>(); // second → messages that are done then
  const starting: number[] = []; // when each task will be ready
  const waits: number[] = [];
  const readings: Reading[] = [];
  const hours: Hour[] = [];
  let running = 0;
  let desired = scaler.startsWith;
  let ready = scaler.startsWith;
  let interrupted = 0;
  let hour = { published: 0, backlog: 0, taskSeconds: 0 };

  for (let now = 0; now < published.length; now++) {
    for (let count = published[now] ?? 0; count > 0; count--) waiting.push(now);
    running -= ending.get(now) ?? 0;
    ending.delete(now);
    while (starting[0] !== undefined && starting[0] <= now) {
      starting.shift();
      ready += 1;
    }
    if (now % 60 === 0) scale(now);
    begin(now);
    account(now);
  }
  waits.sort((one, other) => one - other);
  const quantile = (share: number) => waits[Math.floor((waits.length - 1) * share)] ?? 0;
  return {
    name: scaler.name,
    hours,
    usd: hours.reduce((total, { usd }) => total + usd, 0),
    waitSeconds: { p50: quantile(0.5), p95: quantile(0.95), max: quantile(1) },
    interrupted,
    left: waiting.length - first,
  };

  function scale(now: number): void {
    readings.push({ waiting: waiting.length - first, running });
    const known = readings.slice(0, -metricLagMinutes);
    if (known.length > 0) desired = scaler.desired(desired, known);
    while (ready + starting.length < desired) starting.push(now + task.startSeconds);
    while (ready + starting.length > desired && starting.length > 0) starting.pop();
    const busy = Math.ceil(running / task.concurrency);
    ready = Math.min(ready, Math.max(desired, scaler.protectsBusyTasks ? busy : 0));
    if (running > ready * task.concurrency) interrupt(now, running - ready * task.concurrency);
  }

  /** Makes messages of stopped tasks visible again; they wait anew. */
  function interrupt(now: number, count: number): void {
    interrupted += count;
    running -= count;
    for (const [second, messages] of [...ending].sort(([one], [other]) => other - one)) {
      const taken = Math.min(messages, count);
      count -= taken;
      ending.set(second, messages - taken);
      for (let index = 0; index < taken; index++) waiting.push(now);
    }
  }

  function begin(now: number): void {
    const count = Math.min(waiting.length - first, ready * task.concurrency - running);
    if (count <= 0) return;
    for (let index = 0; index < count; index++) waits.push(now - (waiting[first + index] ?? now));
    first += count;
    running += count;
    const end = now + task.messageSeconds;
    ending.set(end, (ending.get(end) ?? 0) + count);
  }

  function account(now: number): void {
    hour.published += published[now] ?? 0;
    hour.backlog = Math.max(hour.backlog, waiting.length - first + running);
    hour.taskSeconds += ready + starting.length;
    if ((now + 1) % 3600 !== 0) return;
    const tasks = hour.taskSeconds / 3600;
    hours.push({ published: hour.published, backlog: hour.backlog, tasks, usd: tasks * task.usdPerHour });
    hour = { published: 0, backlog: 0, taskSeconds: 0 };
  }
}
