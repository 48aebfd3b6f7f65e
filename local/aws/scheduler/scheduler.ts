import { type Clock, systemClock } from '../alarms/clock.ts';
import type { Engine } from '../engine/engine.ts';
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

export interface SchedulerOptions {
  readonly engine: Engine;
  /** Default the system's. */
  readonly clock?: Clock;
  /** Where in its flexible window a firing comes, from 0 to 1. Default Math.random. */
  readonly random?: () => number;
  onFiring(firing: ScheduleFiring): void;
  onWarning(text: string): void;
}

export function startScheduler(options: SchedulerOptions): Scheduler {
  const { engine, clock = systemClock, random = Math.random } = options;
  const startedAtMs = clock.now();
  const groups = new Map<string, ScheduleGroup>();
  const entries = new Map<string, Entry>();
  const ending = new Set<Promise<void>>();
  createGroup(DEFAULT_GROUP);

  return {
    createGroup,
    group,
    groups: () => [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    deleteGroup,
    create,
    update,
    has: (groupName, name) => entries.has(keyOf(groupName, name)),
    schedule: (groupName, name) => storedOf(entry(groupName, name)),
    schedules: () =>
      [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, existing]) => storedOf(existing)),
    delete: (groupName, name) => end(entry(groupName, name)),
    list: () => [...entries.values()].map(({ running }) => running.view()).sort(byNextFiring),
    stop: async () => {
      for (const existing of [...entries.values()]) end(existing);
      await Promise.all(ending);
    },
  };

  function createGroup(name: string): ScheduleGroup {
    if (groups.has(name)) throw existsAlready(`Schedule group ${name}`);
    const created = { name, arn: groupArn(name, engine), createdAt: new Date(clock.now()) };
    groups.set(name, created);
    return created;
  }

  function group(name: string): ScheduleGroup {
    const found = groups.get(name);
    if (!found) throw doesNotExist(`Schedule group ${name}`);
    return found;
  }

  function deleteGroup(name: string): void {
    group(name);
    if (name === DEFAULT_GROUP) throw invalid('The default schedule group cannot be deleted.');
    groups.delete(name);
    for (const existing of [...entries.values()]) {
      if (existing.running.schedule.GroupName === name) end(existing);
    }
  }

  function create(schedule: Schedule): StoredSchedule {
    const { GroupName, Name } = schedule;
    group(GroupName);
    const key = keyOf(GroupName, Name);
    if (entries.has(key)) throw existsAlready(`Schedule ${key}`);
    const arn = scheduleArn(GroupName, Name, engine);
    const now = new Date(clock.now());
    const running = runSchedule(schedule, arn, {
      ...options,
      clock,
      random,
      startedAtMs,
      onCompleted: () => end(created),
    });
    const created: Entry = { running, arn, createdAt: now, modifiedAt: now };
    entries.set(key, created);
    return storedOf(created);
  }

  function update(schedule: Schedule): StoredSchedule {
    group(schedule.GroupName);
    const existing = entry(schedule.GroupName, schedule.Name);
    existing.running.update(schedule);
    existing.modifiedAt = new Date(clock.now());
    return storedOf(existing);
  }

  function entry(groupName: string, name: string): Entry {
    const key = keyOf(groupName, name);
    const found = entries.get(key);
    if (!found) throw doesNotExist(`Schedule ${key}`);
    return found;
  }

  function end({ running }: Entry): void {
    entries.delete(keyOf(running.schedule.GroupName, running.schedule.Name));
    const stopped = running.stop().finally(() => ending.delete(stopped));
    ending.add(stopped);
  }
}

/** `arn:aws:scheduler:<region>:<account>:schedule/<group>/<name>` */
export function scheduleArn(groupName: string, name: string, { region, accountId }: Place): string {
  return `arn:aws:scheduler:${region}:${accountId}:schedule/${groupName}/${name}`;
}

export function groupArn(name: string, { region, accountId }: Place): string {
  return `arn:aws:scheduler:${region}:${accountId}:schedule-group/${name}`;
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
