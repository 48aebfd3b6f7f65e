import { UpdateScheduleCommand, type UpdateScheduleCommandInput } from '@aws-sdk/client-scheduler';
import { nextFirings } from '../../src/schedule/firings.ts';
import type { End } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { recurringSchedule, type Schedule } from './schedule.ts';
import { type Session, withSchedules } from './session.ts';

export async function pause(name: string, options: TargetOptions): Promise<void> {
  await withSchedules('pause', options, (session) => setState(session, name, 'DISABLED'));
}

export async function resume(name: string, options: TargetOptions): Promise<void> {
  await withSchedules('resume', options, (session) => setState(session, name, 'ENABLED'));
}

/** Pauses or resumes a recurring schedule; one that is so already stays so. */
async function setState(session: Session, name: string, state: 'ENABLED' | 'DISABLED'): Promise<End> {
  const schedule = await recurringSchedule(session, name);
  const done = state === 'DISABLED' ? 'paused' : 'resumed';
  if ((schedule.State ?? 'ENABLED') === state) {
    console.log(state === 'DISABLED' ? `${name} is paused already` : `${name} is not paused`);
    return 'done';
  }
  const now = new Date();
  await session.scheduler.send(new UpdateScheduleCommand({ ...withStartAhead(schedule, now), State: state }));
  console.log(`${done} ${name}`);
  return 'done';
}

/**
 * All of a schedule, since an update replaces it. Scheduler refuses a start that lies more than five minutes back: a cron
 * expression does without it, and a rate keeps its rhythm by starting at its next firing.
 */
export function withStartAhead(schedule: Schedule, now: Date): UpdateScheduleCommandInput {
  const { Arn: _arn, CreationDate: _created, LastModificationDate: _modified, ...rest } = schedule;
  const { $metadata: _metadata, StartDate: start, ...kept } = rest as typeof rest & { $metadata: unknown };
  return { ...(kept as UpdateScheduleCommandInput), StartDate: start && startFrom(schedule, start, now) };
}

function startFrom(schedule: Schedule, start: Date, now: Date): Date | undefined {
  if (start > now) return start;
  const {
    ScheduleExpression: expression = '',
    ScheduleExpressionTimezone: timezone,
    EndDate: end,
  } = schedule;
  if (!expression.startsWith('rate(')) return undefined;
  return nextFirings({ expression, timezone, start, end }, now, 1)[0];
}
