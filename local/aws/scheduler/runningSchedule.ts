import type { Clock } from '../alarms/clock.ts';
import type { Engine } from '../engine/engine.ts';
import { type Expression, parseExpression } from './expression.ts';
import { invoke, isoSeconds } from './invocation.ts';
import type { Schedule } from './schedule.ts';
import type { NextFiring, ScheduleFiring, ScheduleView } from './scheduleView.ts';
import { jobNameOf, topicOf } from './targets.ts';
import { callAt, type FastTime, fastTime } from './time.ts';

/** A schedule that fires. */
export interface RunningSchedule {
  readonly schedule: Schedule;
  view(): ScheduleView;
  /** Takes another definition. The rhythm goes on, unless the expression, its time zone or its start changed. */
  update(schedule: Schedule): void;
  /** Fires no more and retries no more; resolves when no call is under way. */
  stop(): Promise<void>;
}

export interface RunningScheduleOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** When the platform's time began to run faster than real time: recurring schedules share it. */
  readonly startedAtMs: number;
  /** From 0 to 1, where in its flexible window a firing comes. */
  random(): number;
  /** A firing has begun, is retried or has ended. */
  onFiring(firing: ScheduleFiring): void;
  /** It will never fire again, and is to be deleted then. */
  onCompleted(): void;
  onWarning(text: string): void;
}

const SHOWN_FIRINGS = 3;
/** A firing that is later than that, because the machine slept, is left out (the newest one that was missed comes). */
const TOO_LATE_MS = 5 * 60_000;

export function runSchedule(
  initial: Schedule,
  arn: string,
  options: RunningScheduleOptions,
): RunningSchedule {
  const { engine, clock } = options;
  const underWay = new Set<Promise<void>>();
  const ended = new AbortController();
  let schedule = initial;
  let rhythm = newRhythm(initial, options);
  let upcoming: NextFiring[] = [];
  let lastFiring: ScheduleFiring | undefined;
  let cancelTimer = () => {};
  arm();

  return {
    get schedule() {
      return schedule;
    },
    view,
    update,
    stop: async () => {
      cancelTimer();
      ended.abort();
      await Promise.all(underWay);
    },
  };

  function view(): ScheduleView {
    const { Name, GroupName, ScheduleExpression, ScheduleExpressionTimezone, State } = schedule;
    return {
      name: Name,
      groupName: GroupName,
      jobName: jobNameOf(schedule.Target),
      expression: ScheduleExpression,
      timezone: ScheduleExpressionTimezone,
      state: State,
      nextFirings: upcoming,
      lastFiring,
    };
  }

  function update(now: Schedule): void {
    const before = schedule;
    schedule = now;
    const wasPaused = before.State === 'DISABLED' && now.State === 'ENABLED';
    rhythm = hasSameRhythm(before, now)
      ? { ...rhythm, expression: parseExpression(now) }
      : newRhythm(now, options);
    // What recurs does not make up for what it missed while it was disabled; what happens once does.
    if (wasPaused && rhythm.expression.recurs) skipTo(rhythm.time.fromReal(clock.now()));
    arm();
    if (lastFiring) completeIfOver();
  }

  /** Sets the timer for the next firing. */
  function arm(): void {
    cancelTimer();
    const windowMs = 60_000 * (schedule.FlexibleTimeWindow.MaximumWindowInMinutes ?? 0);
    upcoming = [];
    if (schedule.State === 'DISABLED' || ended.signal.aborted) return;
    leaveOutMissed(windowMs);
    const delayMs = Math.floor(options.random() * windowMs);
    upcoming = next(SHOWN_FIRINGS).map((ms, index) => ({
      scheduledAt: new Date(ms),
      at: new Date(rhythm.time.toReal(index === 0 ? ms + delayMs : ms)),
    }));
    const [first] = upcoming;
    if (first) cancelTimer = callAt(clock, first.at.getTime(), () => fire(first.scheduledAt.getTime()));
  }

  function leaveOutMissed(windowMs: number): void {
    const earliestMs = rhythm.time.fromReal(clock.now() - TOO_LATE_MS) - windowMs;
    const [first] = rhythm.expression.recurs ? next(1) : [];
    if (first === undefined || first >= earliestMs) return;
    skipTo(earliestMs);
    options.onWarning(
      `Schedule ${schedule.GroupName}/${schedule.Name} leaves out what it missed from ${isoSeconds(first)} on: this machine was asleep or very busy.`,
    );
  }

  function next(count: number): number[] {
    return rhythm.expression.next(rhythm.afterMs, count, rhythm.beganMs);
  }

  function skipTo(ms: number): void {
    rhythm = { ...rhythm, afterMs: Math.max(rhythm.afterMs, ms) };
  }

  function fire(scheduledMs: number): void {
    rhythm = { ...rhythm, afterMs: scheduledMs };
    arm();
    const work = call(scheduledMs).finally(() => {
      underWay.delete(work);
      completeIfOver();
    });
    underWay.add(work);
  }

  function completeIfOver(): void {
    const isOver = schedule.State === 'ENABLED' && upcoming.length === 0 && underWay.size === 0;
    if (isOver && schedule.ActionAfterCompletion === 'DELETE' && !ended.signal.aborted) options.onCompleted();
  }

  async function call(scheduledMs: number): Promise<void> {
    const { Name: name, GroupName: groupName, Target } = schedule;
    const firing: ScheduleFiring = {
      name,
      groupName,
      jobName: jobNameOf(Target),
      scheduledAt: new Date(scheduledMs),
      at: new Date(clock.now()),
      state: undefined,
    };
    lastFiring = firing;
    const invocation = { schedule, scheduleArn: arn, scheduledMs, cancelled: ended.signal };
    const { state, error } = await invoke(invocation, {
      engine,
      clock,
      onWarning: options.onWarning,
      onRetrying: (failure) => {
        tell({ ...firing, state: 'retrying', error: failure.message });
        options.onWarning(
          `Schedule ${groupName}/${name} of ${isoSeconds(scheduledMs)} could not reach ${topicOf(Target) ?? Target.Arn} and tries again: ${failure.message}`,
        );
      },
    });
    tell({ ...firing, state, ...(error && { error: error.message }) });
  }

  function tell(firing: ScheduleFiring): void {
    if (lastFiring && firing.scheduledAt >= lastFiring.scheduledAt) lastFiring = firing;
    options.onFiring(firing);
  }
}

/** When a schedule fires. All times but real ones are those of {@link Rhythm.time}. */
interface Rhythm {
  readonly expression: Expression;
  /** Its own for what happens once: an instant comes as long after it was given as the speed says. */
  readonly time: FastTime;
  /** Where a rate begins to count, unless it has a StartDate. */
  readonly beganMs: number;
  /** It fired, or had no need to, until then. */
  readonly afterMs: number;
}

function newRhythm(schedule: Schedule, { clock, engine, startedAtMs }: RunningScheduleOptions): Rhythm {
  const expression = parseExpression(schedule);
  const nowMs = clock.now();
  const time = fastTime(expression.recurs ? startedAtMs : nowMs, engine.speed);
  // Scheduled times have no milliseconds.
  const beganMs = Math.floor(time.fromReal(nowMs) / 1_000) * 1_000;
  return { expression, time, beganMs, afterMs: expression.recurs ? beganMs - 1 : FIRST_DATE_MS };
}

/** What happens once happens even when its time is past. */
const FIRST_DATE_MS = -8.64e15;

function hasSameRhythm(a: Schedule, b: Schedule): boolean {
  return (
    a.ScheduleExpression === b.ScheduleExpression &&
    a.ScheduleExpressionTimezone === b.ScheduleExpressionTimezone &&
    a.StartDate?.getTime() === b.StartDate?.getTime()
  );
}
