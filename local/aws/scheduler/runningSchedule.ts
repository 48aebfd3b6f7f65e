import type { Clock } from '../alarms/clock.ts';
import type { Engine } from '../engine/engine.ts';
import { type Expression, parseExpression } from './expression.ts';
import { invoke, isoSeconds } from './invocation.ts';
import type { Schedule } from './schedule.ts';
import type { NextFiring, ScheduleFiring, ScheduleView } from './scheduleView.ts';
import { topicOf } from './targets.ts';
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

interface RunningScheduleOptions {
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
  schedule: Schedule,
  arn: string,
  options: RunningScheduleOptions,
): RunningSchedule {
  return new TimedSchedule(schedule, arn, options);
}

class TimedSchedule implements RunningSchedule {
  readonly #arn: string;
  readonly #options: RunningScheduleOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  #schedule: Schedule;
  #rhythm: Rhythm;
  #upcoming: NextFiring[] = [];
  #lastFiring: ScheduleFiring | undefined;
  #cancelTimer = () => {};

  constructor(schedule: Schedule, arn: string, options: RunningScheduleOptions) {
    this.#arn = arn;
    this.#options = options;
    this.#schedule = schedule;
    this.#rhythm = newRhythm(schedule, options);
    this.#arm();
  }

  get schedule(): Schedule {
    return this.#schedule;
  }

  view(): ScheduleView {
    const { Name, GroupName, ScheduleExpression, ScheduleExpressionTimezone, State, Target } = this.#schedule;
    return {
      name: Name,
      groupName: GroupName,
      target: Target,
      expression: ScheduleExpression,
      timezone: ScheduleExpressionTimezone,
      state: State,
      nextFirings: this.#upcoming,
      lastFiring: this.#lastFiring,
    };
  }

  update(now: Schedule): void {
    const before = this.#schedule;
    this.#schedule = now;
    const wasPaused = before.State === 'DISABLED' && now.State === 'ENABLED';
    this.#rhythm = hasSameRhythm(before, now)
      ? { ...this.#rhythm, expression: parseExpression(now) }
      : newRhythm(now, this.#options);
    // What recurs does not make up for what it missed while it was disabled; what happens once does.
    if (wasPaused && this.#rhythm.expression.recurs) {
      this.#skipTo(this.#rhythm.time.fromReal(this.#options.clock.now()));
    }
    this.#arm();
    if (this.#lastFiring) this.#completeIfOver();
  }

  async stop(): Promise<void> {
    this.#cancelTimer();
    this.#ended.abort();
    await Promise.all(this.#underWay);
  }

  /** Sets the timer for the next firing. */
  #arm(): void {
    this.#cancelTimer();
    const windowMs = 60_000 * (this.#schedule.FlexibleTimeWindow.MaximumWindowInMinutes ?? 0);
    this.#upcoming = [];
    if (this.#schedule.State === 'DISABLED' || this.#ended.signal.aborted) return;
    this.#leaveOutMissed(windowMs);
    const delayMs = Math.floor(this.#options.random() * windowMs);
    this.#upcoming = this.#next(SHOWN_FIRINGS).map((ms, index) => ({
      scheduledAt: new Date(ms),
      at: new Date(this.#rhythm.time.toReal(index === 0 ? ms + delayMs : ms)),
    }));
    const [first] = this.#upcoming;
    if (first === undefined) return;
    const { clock } = this.#options;
    this.#cancelTimer = callAt(clock, first.at.getTime(), () => this.#fire(first.scheduledAt.getTime()));
  }

  #leaveOutMissed(windowMs: number): void {
    const { expression, time } = this.#rhythm;
    const earliestMs = time.fromReal(this.#options.clock.now() - TOO_LATE_MS) - windowMs;
    const [first] = expression.recurs ? this.#next(1) : [];
    if (first === undefined || first >= earliestMs) return;
    this.#skipTo(earliestMs);
    this.#options.onWarning(
      `Schedule ${nameInGroup(this.#schedule)} leaves out what it missed from ${isoSeconds(first)} on: this machine was asleep or very busy.`,
    );
  }

  #next(count: number): number[] {
    const { expression, afterMs, beganMs } = this.#rhythm;
    return expression.next(afterMs, count, beganMs);
  }

  #skipTo(ms: number): void {
    this.#rhythm = { ...this.#rhythm, afterMs: Math.max(this.#rhythm.afterMs, ms) };
  }

  #fire(scheduledMs: number): void {
    this.#rhythm = { ...this.#rhythm, afterMs: scheduledMs };
    this.#arm();
    const work = this.#call(scheduledMs).finally(() => {
      this.#underWay.delete(work);
      this.#completeIfOver();
    });
    this.#underWay.add(work);
  }

  #completeIfOver(): void {
    const { State, ActionAfterCompletion } = this.#schedule;
    const isOver = State === 'ENABLED' && this.#upcoming.length === 0 && this.#underWay.size === 0;
    if (isOver && ActionAfterCompletion === 'DELETE' && !this.#ended.signal.aborted) {
      this.#options.onCompleted();
    }
  }

  async #call(scheduledMs: number): Promise<void> {
    const { engine, clock, onWarning } = this.#options;
    const schedule = this.#schedule;
    const { Name, GroupName, Target } = schedule;
    const firing: ScheduleFiring = {
      name: Name,
      groupName: GroupName,
      target: Target,
      scheduledAt: new Date(scheduledMs),
      at: new Date(clock.now()),
      state: undefined,
    };
    this.#lastFiring = firing;
    const invocation = { schedule, scheduleArn: this.#arn, scheduledMs, cancelled: this.#ended.signal };
    const { state, error } = await invoke(invocation, {
      engine,
      clock,
      onWarning,
      onRetrying: (failure) => {
        this.#tell({ ...firing, state: 'retrying', error: failure.message });
        onWarning(
          `Schedule ${nameInGroup(schedule)} of ${isoSeconds(scheduledMs)} could not reach ${topicOf(Target) ?? Target.Arn} and tries again: ${failure.message}`,
        );
      },
    });
    this.#tell({ ...firing, state, ...(error && { error: error.message }) });
  }

  #tell(firing: ScheduleFiring): void {
    if (this.#lastFiring && firing.scheduledAt >= this.#lastFiring.scheduledAt) this.#lastFiring = firing;
    this.#options.onFiring(firing);
  }
}

function nameInGroup({ GroupName, Name }: Schedule): string {
  return `${GroupName}/${Name}`;
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
