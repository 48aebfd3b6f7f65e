import type { SchedulerApi, SchedulerRequest } from '../engine/scheduler.ts';
import { invalid } from './errors.ts';
import { parseExpression } from './expression.ts';
import { DEFAULT_GROUP, integerFrom, nameFrom, type Schedule, scheduleFrom } from './schedule.ts';
import type { ScheduleGroup, Scheduler, StoredSchedule } from './scheduler.ts';

/** EventBridge Scheduler's REST API (restJson1) on a {@link Scheduler}. */
export function schedulerApi(scheduler: Scheduler, now: () => number = Date.now): SchedulerApi {
  const answers = recentAnswers();
  const actions: Readonly<Record<string, (request: SchedulerRequest) => object>> = {
    CreateSchedule: ({ name, body }) => {
      const schedule = given(name, body, now());
      return { ScheduleArn: scheduler.create(schedule).arn };
    },
    UpdateSchedule: ({ name, body }) => {
      const schedule = given(name, body, now());
      return { ScheduleArn: scheduler.update(schedule).arn };
    },
    GetSchedule: ({ name, query }) => details(scheduler.schedule(groupOf(query), nameFrom(name, 'Name'))),
    DeleteSchedule: ({ name, query }) => {
      scheduler.delete(groupOf(query), nameFrom(name, 'Name'));
      return {};
    },
    ListSchedules: ({ query }) => {
      const found = scheduler.schedules().filter(isAskedFor(query));
      const { items, NextToken } = page(found, query, ({ arn }) => arn);
      return { Schedules: items.map(summary), ...NextToken };
    },
    CreateScheduleGroup: ({ name, body }) => {
      if (body.Tags !== undefined) throw invalid(noTags);
      return { ScheduleGroupArn: scheduler.createGroup(nameFrom(name, 'Name')).arn };
    },
    GetScheduleGroup: ({ name }) => groupDetails(scheduler.group(nameFrom(name, 'Name'))),
    DeleteScheduleGroup: ({ name }) => {
      scheduler.deleteGroup(nameFrom(name, 'Name'));
      return {};
    },
    ListScheduleGroups: ({ query }) => {
      const prefix = query.get('NamePrefix') ?? '';
      const found = scheduler.groups().filter((group) => group.name.startsWith(prefix));
      const { items, NextToken } = page(found, query, ({ arn }) => arn);
      return { ScheduleGroups: items.map(groupDetails), ...NextToken };
    },
  };

  return (request) => {
    const answer = actions[request.action ?? ''];
    if (!answer) throw invalid(request.action?.endsWith('Tags') ? noTags : 'There is no such action.');
    return answers.once(request, () => answer(request));
  };
}

const noTags = 'Tags of schedule groups are not kept locally: leave them out.';
const PAGE_SIZE = 100;
const START_IN_PAST_MS = 5 * 60_000;
const KEPT_ANSWERS = 1_000;

/** The same request with the same client token is done once, and answered the same again. */
function recentAnswers() {
  const answers = new Map<string, object>();
  return {
    once(request: SchedulerRequest, work: () => object): object {
      const token = request.body.ClientToken ?? request.query.get('clientToken');
      if (typeof token !== 'string') return work();
      const key = JSON.stringify([request.action, request.name, request.query.toString(), request.body]);
      const answer = answers.get(key) ?? work();
      answers.set(key, answer);
      const [oldest] = answers.keys();
      if (answers.size > KEPT_ANSWERS && oldest !== undefined) answers.delete(oldest);
      return answer;
    },
  };
}

/** A template's schedule may have begun long ago; a request is refused as AWS does. */
function given(name: string | undefined, body: SchedulerRequest['body'], nowMs: number): Schedule {
  const schedule = scheduleFrom({ ...body, Name: name });
  const { StartDate } = schedule;
  if (StartDate && StartDate.getTime() < nowMs - START_IN_PAST_MS && parseExpression(schedule).recurs) {
    throw invalid('The StartDate you specify cannot be earlier than 5 minutes ago.');
  }
  return schedule;
}

function groupOf(query: URLSearchParams): string {
  return nameFrom(query.get('groupName') ?? DEFAULT_GROUP, 'GroupName');
}

function isAskedFor(query: URLSearchParams): (stored: StoredSchedule) => boolean {
  const group = query.get('ScheduleGroup');
  const prefix = query.get('NamePrefix') ?? '';
  const state = query.get('State');
  return ({ schedule: { GroupName, Name, State } }) =>
    (group === null || GroupName === group) && Name.startsWith(prefix) && (state === null || State === state);
}

/** A page begins after the item whose key is in the token. */
function page<T>(all: readonly T[], query: URLSearchParams, keyOf: (item: T) => string) {
  const asked = query.get('MaxResults');
  const size =
    integerFrom({ MaxResults: asked === null ? undefined : Number(asked) }, 'MaxResults', 1, 100) ??
    PAGE_SIZE;
  const after = Buffer.from(query.get('NextToken') ?? '', 'base64url').toString();
  const rest = all.filter((item) => keyOf(item) > after);
  const items = rest.slice(0, size);
  const last = items.at(-1);
  const token = last && rest.length > size ? Buffer.from(keyOf(last)).toString('base64url') : undefined;
  return { items, NextToken: token === undefined ? {} : { NextToken: token } };
}

function details({ schedule, arn, createdAt, modifiedAt }: StoredSchedule): object {
  const { StartDate, EndDate, ...rest } = schedule;
  return {
    ...rest,
    Arn: arn,
    ...(StartDate && { StartDate: seconds(StartDate) }),
    ...(EndDate && { EndDate: seconds(EndDate) }),
    CreationDate: seconds(createdAt),
    LastModificationDate: seconds(modifiedAt),
  };
}

function summary({ schedule, arn, createdAt, modifiedAt }: StoredSchedule): object {
  const { Name, GroupName, State, Target } = schedule;
  return {
    Arn: arn,
    Name,
    GroupName,
    State,
    Target: { Arn: Target.Arn },
    CreationDate: seconds(createdAt),
    LastModificationDate: seconds(modifiedAt),
  };
}

function groupDetails({ name, arn, createdAt }: ScheduleGroup): object {
  const at = seconds(createdAt);
  return { Arn: arn, Name: name, State: 'ACTIVE', CreationDate: at, LastModificationDate: at };
}

function seconds(date: Date): number {
  return date.getTime() / 1_000;
}
