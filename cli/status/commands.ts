import { Command } from 'commander';
import { type JobState, jobStates } from '../../src/job/jobStatus.ts';
import { addTargetOptions, wholeNumber } from '../options.ts';
import { CommandError } from '../outcome.ts';

/** Defines `status`. Its own module, and the AWS SDK with it, is loaded when it runs. */
export function statusCommand(): Command {
  const command = new Command('status')
    .description('Shows where a job with track: true is, or lists the jobs of a name, the newest first.')
    .argument('[jobId]', "the job's ID, as publish printed it")
    .option('--watch', 'follow the job until it has ended')
    .option('--job <name>', 'list the jobs of this name, instead of one')
    .option('--state <state>', `only those that are ${jobStates.join(', ')}`, checkedState)
    .option('--limit <n>', 'how many to list, 1 to 1000 (default: 20)', wholeNumber('--limit', 1, 1000))
    .option('--json', 'print what the API answers as JSON; with --watch a line for each change');
  return addTargetOptions(command)
    .addHelpText('after', statusNotes)
    .action(async (jobId, options) => (await import('./status.ts')).status(jobId, options));
}

const statusNotes = `
Examples:
  npm run jobs -- status 0192a3b4-…                    where it is, its history, its result
  npm run jobs -- status 0192a3b4-… --watch            until it has ended
  npm run jobs -- status --job DocumentJob --state dead

Your AWS credentials sign the requests; where the API asks for tokens, put one into JOB_API_TOKEN. Exit codes: 0 done, 1 the
job is not known, the API refused, or with --watch the job is dead or cancelled, 2 nothing was tried, 130 interrupted.`;

function checkedState(text: string): JobState {
  if ((jobStates as readonly string[]).includes(text)) return text as JobState;
  throw new CommandError(`--state must be one of ${jobStates.join(', ')}, was '${text}'`);
}

export function cancelCommand(): Command {
  const command = new Command('cancel')
    .description(
      'Cancels a job with track: true. One that waits will not run; the signal of one that runs is aborted.',
    )
    .argument('<jobId>', "the job's ID, as publish printed it")
    .option('--job <name>', "its job's name: needed for one that has not begun, unless the API scheduled it")
    .option('--json', 'print its new status as JSON');
  return addTargetOptions(command)
    .addHelpText('after', cancelNotes)
    .action(async (jobId, options) => (await import('./cancel.ts')).cancel(jobId, options));
}

const cancelNotes = `
Examples:
  npm run jobs -- cancel 0192a3b4-…
  npm run jobs -- cancel 0192a3b4-… --job DocumentJob    even if its first attempt has not begun, so that it has no status

A delayed job is taken back by schedules cancel. Exit codes: 0 cancelled, or asked to stop; 1 the job has ended already or is
not known, or the API refused; 2 nothing was tried.`;
