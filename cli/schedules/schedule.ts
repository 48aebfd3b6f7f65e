import { randomUUID } from 'node:crypto';
import {
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  ListSchedulesCommand,
  type SchedulerClient,
} from '@aws-sdk/client-scheduler';
import {
  attributeText,
  filledIn,
  publishTargetArn,
  readPublish,
  type ScheduledPublish,
} from '../../src/message/scheduledPublish.ts';
import { nearestName } from '../../src/nearestName.ts';
import { CommandError } from '../outcome.ts';
import { instantText } from '../text.ts';
import type { Session } from './session.ts';

/** A schedule as Scheduler gives it. */
export type Schedule = GetScheduleCommandOutput;

/**
 * The schedules of a group by their names, as many as wanted. None where there is no such group: a stack makes the one of
 * recurring schedules once a job recurs.
 */
export async function schedulesIn(
  { scheduler }: Pick<Session, 'scheduler'>,
  GroupName: string,
  limit: number,
): Promise<{ schedules: Schedule[]; hasMore: boolean }> {
  const { names, hasMore } = await namesIn(scheduler, GroupName, limit);
  const schedules: Schedule[] = [];
  for (let first = 0; first < names.length; first += sideBySide) {
    const some = names.slice(first, first + sideBySide);
    const found = await Promise.all(some.map((Name) => scheduleNamed(scheduler, GroupName, Name)));
    schedules.push(...found.flatMap((schedule) => schedule ?? []));
  }
  return { schedules, hasMore };
}

/** @throws {CommandError} when there is no recurring schedule of that name, with the nearest one */
export async function recurringSchedule(
  { scheduler, target, platform }: Session,
  name: string,
): Promise<Schedule> {
  const { recurringGroup } = platform;
  const isName = /^[\w.-]{1,64}$/.test(name);
  const found = isName ? await scheduleNamed(scheduler, recurringGroup, name) : undefined;
  if (found !== undefined) return found;
  const { names } = await namesIn(scheduler, recurringGroup, maxNames).catch(() => ({ names: [] }));
  const nearest = nearestName(name, names);
  const there =
    names.length === 0 ? 'No job recurs there' : `There are: ${names.slice(0, maxShown).join(', ')}`;
  const advice = nearest === undefined ? there : `Did you mean ${nearest}?`;
  throw new CommandError(`${target.name} has no recurring schedule '${name}'. ${advice}`);
}

const sideBySide = 20;
const maxNames = 1_000;
const maxShown = 20;

async function namesIn(
  scheduler: SchedulerClient,
  GroupName: string,
  limit: number,
): Promise<{ names: string[]; hasMore: boolean }> {
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const MaxResults = Math.min(limit - names.length, 100);
    const command = new ListSchedulesCommand({ GroupName, MaxResults, NextToken });
    const page = await ifThere(scheduler.send(command));
    names.push(...(page?.Schedules ?? []).map(({ Name = '' }) => Name));
    NextToken = page?.NextToken;
  } while (NextToken !== undefined && names.length < limit);
  return { names, hasMore: NextToken !== undefined };
}

/** Undefined for one that has gone meanwhile, as one-off schedules do when they have fired. */
function scheduleNamed(
  scheduler: SchedulerClient,
  GroupName: string,
  Name: string,
): Promise<Schedule | undefined> {
  return ifThere(scheduler.send(new GetScheduleCommand({ GroupName, Name })));
}

async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** The job that a schedule publishes when it fires. */
interface JobPublish extends ScheduledPublish {
  readonly jobName: string;
}

/** Undefined for a schedule that publishes no job. */
export function publishOf({ Target }: Schedule): JobPublish | undefined {
  const publish = Target?.Arn === publishTargetArn ? readPublish(Target.Input) : undefined;
  const jobName = attributeText(publish, 'jobName');
  return publish === undefined || jobName === undefined ? undefined : { ...publish, jobName };
}

/** What it would publish at that time. */
export function publishAt(schedule: Schedule, at: Date): JobPublish | undefined {
  const { Arn = '', Target } = schedule;
  if (Target?.Input === undefined) return undefined;
  const Input = filledIn(Target.Input, {
    'scheduled-time': instantText(at),
    'schedule-arn': Arn,
    'execution-id': randomUUID(),
    'attempt-number': '1',
  });
  return publishOf({ ...schedule, Target: { ...Target, Input } });
}
