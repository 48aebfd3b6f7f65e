import { type Clock, systemClock } from '../alarms/clock.ts';
import type { Engine } from '../engine/engine.ts';
import { localArn } from '../resources/resourceType.ts';
import { doesNotExist, existsAlready, invalid } from './errors.ts';
import { type RunningSchedule, runSchedule } from './runningSchedule.ts';
import { DEFAULT_GROUP, type Schedule } from './schedule.ts';
import type { ScheduleFiring, ScheduleView } from './scheduleView.ts';

/**
 * EventBridge Scheduler on this machine: the schedules of the template and those made at run time, which live as long as
 * the platform, like messages. What does not exist or exists already is an EngineError with AWS's code.
 */
export interface Scheduler {
  createGroup(name: string): ScheduleGroup;
  group(name: string): ScheduleGroup;
  groups(): ScheduleGroup[];
  /** With every schedule in it. */
  deleteGroup(name: string): void;
  create(schedule: Schedule): StoredSchedule;
  update(schedule: Schedule): StoredSchedule;
  has(groupName: string, name: string): boolean;
  schedule(groupName: string, name: string): StoredSchedule;
  /** By group and name. */
  schedules(): StoredSchedule[];
  delete(groupName: string, name: string): void;
  /** How they all stand; what fires next comes first. */
  list(): ScheduleView[];
  /** Leaves no timer; resolves when no target is being called. */
  stop(): Promise<void>;
}

export interface ScheduleGroup {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Date;
}

export interface StoredSchedule {
  readonly schedule: Schedule;
  readonly arn: string;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}

interface SchedulerOptions {
  readonly engine: Engine;
  /** Default the system's. */
  readonly clock?: Clock;
  /** Where in its flexible window a firing comes, from 0 to 1. Default Math.random. */
  readonly random?: () => number;
  onFiring(firing: ScheduleFiring): void;
  onWarning(text: string): void;
}

export function startScheduler(options: SchedulerOptions): Scheduler {
  return new InMemoryScheduler(options);
}

class InMemoryScheduler implements Scheduler {
  readonly #options: Required<SchedulerOptions>;
  readonly #startedAtMs: number;
  readonly #groups = new Map<string, ScheduleGroup>();
  readonly #entries = new Map<string, Entry>();
  readonly #ending = new Set<Promise<void>>();

  constructor(options: SchedulerOptions) {
    this.#options = {
      ...options,
      clock: options.clock ?? systemClock,
      random: options.random ?? Math.random,
    };
    this.#startedAtMs = this.#options.clock.now();
    this.createGroup(DEFAULT_GROUP);
  }

  createGroup(name: string): ScheduleGroup {
    if (this.#groups.has(name)) throw existsAlready(`Schedule group ${name}`);
    const created = { name, arn: groupArn(name, this.#options.engine), createdAt: this.#now() };
    this.#groups.set(name, created);
    return created;
  }

  group(name: string): ScheduleGroup {
    const found = this.#groups.get(name);
    if (!found) throw doesNotExist(`Schedule group ${name}`);
    return found;
  }

  groups(): ScheduleGroup[] {
    return [...this.#groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  deleteGroup(name: string): void {
    this.group(name);
    if (name === DEFAULT_GROUP) throw invalid('The default schedule group cannot be deleted.');
    this.#groups.delete(name);
    for (const existing of [...this.#entries.values()]) {
      if (existing.running.schedule.GroupName === name) this.#end(existing);
    }
  }

  create(schedule: Schedule): StoredSchedule {
    const { GroupName, Name } = schedule;
    this.group(GroupName);
    const key = keyOf(GroupName, Name);
    if (this.#entries.has(key)) throw existsAlready(`Schedule ${key}`);
    const arn = scheduleArn(GroupName, Name, this.#options.engine);
    const now = this.#now();
    const running = runSchedule(schedule, arn, {
      ...this.#options,
      startedAtMs: this.#startedAtMs,
      onCompleted: () => this.#end(created),
    });
    const created: Entry = { running, arn, createdAt: now, modifiedAt: now };
    this.#entries.set(key, created);
    return storedOf(created);
  }

  update(schedule: Schedule): StoredSchedule {
    this.group(schedule.GroupName);
    const existing = this.#entry(schedule.GroupName, schedule.Name);
    existing.running.update(schedule);
    existing.modifiedAt = this.#now();
    return storedOf(existing);
  }

  has(groupName: string, name: string): boolean {
    return this.#entries.has(keyOf(groupName, name));
  }

  schedule(groupName: string, name: string): StoredSchedule {
    return storedOf(this.#entry(groupName, name));
  }

  schedules(): StoredSchedule[] {
    return [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, existing]) => storedOf(existing));
  }

  delete(groupName: string, name: string): void {
    this.#end(this.#entry(groupName, name));
  }

  list(): ScheduleView[] {
    return [...this.#entries.values()].map(({ running }) => running.view()).sort(byNextFiring);
  }

  async stop(): Promise<void> {
    for (const existing of [...this.#entries.values()]) this.#end(existing);
    await Promise.all(this.#ending);
  }

  #now(): Date {
    return new Date(this.#options.clock.now());
  }

  #entry(groupName: string, name: string): Entry {
    const key = keyOf(groupName, name);
    const found = this.#entries.get(key);
    if (!found) throw doesNotExist(`Schedule ${key}`);
    return found;
  }

  #end({ running }: Entry): void {
    this.#entries.delete(keyOf(running.schedule.GroupName, running.schedule.Name));
    const stopped = running.stop().finally(() => this.#ending.delete(stopped));
    this.#ending.add(stopped);
  }
}

/** `arn:aws:scheduler:<region>:<account>:schedule/<group>/<name>` */
export function scheduleArn(groupName: string, name: string, { region, accountId }: Place): string {
  return localArn('scheduler', { region, accountId }, `schedule/${groupName}/${name}`);
}

export function groupArn(name: string, { region, accountId }: Place): string {
  return localArn('scheduler', { region, accountId }, `schedule-group/${name}`);
}

type Place = Pick<Engine, 'region' | 'accountId'>;

interface Entry {
  readonly running: RunningSchedule;
  readonly arn: string;
  readonly createdAt: Date;
  modifiedAt: Date;
}

function keyOf(groupName: string, name: string): string {
  return `${groupName}/${name}`;
}

function storedOf({ running, arn, createdAt, modifiedAt }: Entry): StoredSchedule {
  return { schedule: running.schedule, arn, createdAt, modifiedAt };
}

/** What fires no more comes last. */
function byNextFiring(a: ScheduleView, b: ScheduleView): number {
  const [first, second] = [a, b].map(({ nextFirings: [next] }) => next?.at.getTime() ?? Number.MAX_VALUE);
  return (first ?? 0) - (second ?? 0) || (a.name < b.name ? -1 : 1);
}
