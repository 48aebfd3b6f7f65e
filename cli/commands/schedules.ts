import { Command } from 'commander';
import { cancelCommand } from './schedules/cancel.ts';
import { listCommand } from './schedules/list.ts';
import { pauseCommand, resumeCommand } from './schedules/pause.ts';
import { rescheduleCommand } from './schedules/reschedule.ts';
import { runNowCommand } from './schedules/runNow.ts';

export function schedulesCommand(): Command {
  const schedules = new Command('schedules')
    .description('Works with what comes later: the schedules of jobs that recur, and jobs that were delayed.')
    .helpCommand(false)
    .addHelpText('after', notes);
  for (const command of [
    listCommand(),
    pauseCommand(),
    resumeCommand(),
    runNowCommand(),
    cancelCommand(),
    rescheduleCommand(),
  ]) {
    schedules.addCommand(command);
  }
  return schedules;
}

const notes = `
A recurring schedule is named <jobName>-<its name in the job file>, or its number from 1: StretchJob-1.
Exit codes: 0 done, 1 nothing to do or something failed, 2 nothing was tried. docs/schedules.md says the rest.`;
