import { Command } from 'commander';
import { addTargetOptions, wholeNumber } from '../../options.ts';
import type { End } from '../../outcome.ts';
import type { Listed } from '../../schedules/listed.ts';
import type { Session } from '../../schedules/session.ts';
import type { TargetOptions } from '../../target.ts';

export function listCommand(): Command {
  const command = new Command('list')
    .description('Lists recurring schedules with their next firings, and delayed jobs.')
    .option('--next <n>', 'how many firings of each, 1 to 100', wholeNumber('--next', 1, 100), 5)
    .option('--limit <n>', 'how many delayed jobs, 1 to 10000', wholeNumber('--limit', 1, 10_000), 100)
    .option('--json', 'print the list as JSON');
  return addTargetOptions(command).action(list);
}

interface ListOptions extends TargetOptions {
  readonly next: number;
  readonly limit: number;
  readonly json?: boolean;
}

async function list(options: ListOptions): Promise<void> {
  const { withSchedules } = await import('../../schedules/session.ts');
  await withSchedules('list', options, (session) => listSchedules(session, options));
}

async function listSchedules(session: Session, { next, limit, json }: ListOptions): Promise<End> {
  const [{ schedulesIn }, { platformTime }, { delayed, recurring }] = await Promise.all([
    import('../../schedules/group.ts'),
    import('../../schedules/platformTime.ts'),
    import('../../schedules/listed.ts'),
  ]);
  const { target, platform, scheduler } = session;
  const [time, ofFiles, once] = await Promise.all([
    platformTime(target, scheduler),
    schedulesIn(session, platform.recurringGroup, maxRecurring),
    schedulesIn(session, platform.onceGroup, limit),
  ]);
  const schedules = ofFiles.schedules.map((schedule) => recurring(schedule, time, next));
  const jobs = delayed(once.schedules, time);
  if (json) console.log(JSON.stringify([...schedules, ...jobs], undefined, 2));
  else await print(session, schedules, jobs, once.hasMore);
  return 'done';
}

/** More than a stack can hold. */
const maxRecurring = 10_000;

async function print(
  { target }: Session,
  schedules: readonly Listed[],
  jobs: readonly Listed[],
  hasMore: boolean,
): Promise<void> {
  const { delayedText, recurringText, summaryText } = await import('../../schedules/listText.ts');
  const { name: where, speed } = target;
  const shown = { now: Date.now(), speed };
  if (schedules.length > 0) console.log(`${recurringText(schedules, shown)}\n`);
  if (jobs.length > 0) console.log(`${delayedText(jobs, shown)}\n`);
  console.log(summaryText(schedules.length, jobs.length, { where, hasMore, speed }));
}
