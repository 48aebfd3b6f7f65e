import { Command } from 'commander';
import { addTargetOptions, wholeNumber } from '../options.ts';

/** Defines the commands after `schedules`. The module of a command, and the AWS SDK with it, is loaded when it runs. */
export function schedulesCommand(): Command {
  const schedules = new Command('schedules')
    .description('Works with jobs that run later: schedules of jobs that recur, and delayed jobs.')
    .helpCommand(false)
    .addHelpText('after', notes);
  for (const command of [list(), pause(), resume(), runNow(), cancel(), reschedule()]) {
    schedules.addCommand(addTargetOptions(command));
  }
  return schedules;
}

const notes = `
A recurring schedule is named <jobName>-<its name in the job file>; without a name there, by its number: StretchJob-1.
Exit codes: 0 done, 1 nothing to do or something failed, 2 nothing was tried. docs/schedules.md says more.`;

function list(): Command {
  return new Command('list')
    .description('Lists recurring schedules with their next firings, and delayed jobs.')
    .option('--next <n>', 'how many firings to show of each, 1 to 100', wholeNumber('--next', 1, 100), 5)
    .option(
      '--limit <n>',
      'how many delayed jobs to list, 1 to 10000',
      wholeNumber('--limit', 1, 10_000),
      100,
    )
    .option('--json', 'print the list as JSON')
    .action(async (options) => (await import('./list.ts')).list(options));
}

function pause(): Command {
  return new Command('pause')
    .description('Stops a recurring schedule from firing, until it is resumed or a deployment changes it.')
    .argument('<name>', "the schedule's name, as list shows it")
    .action(async (name, options) => (await import('./recurringSchedule.ts')).pause(name, options));
}

function resume(): Command {
  return new Command('resume')
    .description('Lets a recurring schedule fire again. Firings that it missed are not made up for.')
    .argument('<name>', "the schedule's name, as list shows it")
    .action(async (name, options) => (await import('./recurringSchedule.ts')).resume(name, options));
}

function runNow(): Command {
  return new Command('run-now')
    .description(
      'Publishes the job of a recurring schedule once more, now. The schedule itself goes on as before.',
    )
    .argument('<name>', "the schedule's name, as list shows it")
    .option('--json', 'print the result as JSON')
    .action(async (name, options) => (await import('./recurringSchedule.ts')).runNow(name, options));
}

function cancel(): Command {
  return new Command('cancel')
    .description('Takes a delayed job back before it is published.')
    .argument('<jobId>', "the job's ID, as publish printed it")
    .action(async (jobId, options) => (await import('./delayedJob.ts')).cancel(jobId, options));
}

function reschedule(): Command {
  return new Command('reschedule')
    .description('Moves a delayed job to another time.')
    .argument('<jobId>', "the job's ID, as publish printed it")
    .option('--delay <duration>', 'how long from now, such as 10m or 30d')
    .option('--at <instant>', 'when, such as 2026-12-24T18:00:00+01:00')
    .action(async (jobId, options) => (await import('./delayedJob.ts')).reschedule(jobId, options));
}
