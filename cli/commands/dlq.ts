import { Command } from 'commander';
import { discardCommand } from './dlq/discard.ts';
import { editCommand } from './dlq/edit.ts';
import { exportCommand } from './dlq/export.ts';
import { listCommand } from './dlq/list.ts';
import { redriveCommand } from './dlq/redrive.ts';
import { showCommand } from './dlq/show.ts';

export function dlqCommand(): Command {
  const dlq = new Command('dlq')
    .description('Works with dead letters: the messages of jobs that failed for good, and those no job got.')
    .helpCommand(false)
    .addHelpText('after', notes);
  for (const command of [
    listCommand(),
    showCommand(),
    redriveCommand(),
    discardCommand(),
    editCommand(),
    exportCommand(),
  ]) {
    dlq.addCommand(command);
  }
  return dlq;
}

const notes = `
In place of a job's name, unrouted stands for the messages that no job has the name of, and undelivered for those that
SNS could not deliver, or a schedule could not publish. Exit codes: 0 done, 1 nothing to do or something failed, 2 nothing
was tried, 130 interrupted.
docs/when-a-job-fails.md goes from the alarm e-mail to the mended job.`;
