import { Command } from 'commander';
import { addTargetOptions, wholeNumber } from '../options.ts';

/** Defines the commands after `dlq`. The module of a command, and the AWS SDK with it, is loaded when it runs. */
export function dlqCommand(): Command {
  const dlq = new Command('dlq')
    .description(
      'Works with dead letters: messages of jobs that failed for good, and messages that no job got.',
    )
    .helpCommand(false)
    .addHelpText('after', notes);
  for (const command of [list(), show(), redrive(), discard(), edit(), exportCommand()]) {
    dlq.addCommand(addTargetOptions(command));
  }
  return dlq;
}

const notes = `
In place of a job's name, unrouted stands for the messages whose jobName is no job's, and undelivered for those that SNS could
not deliver or a schedule could not publish. Exit codes: 0 done, 1 nothing to do or something failed, 2 nothing was tried,
130 interrupted. docs/when-a-job-fails.md leads from the alarm e-mail to the mended job.`;

function list(): Command {
  return new Command('list')
    .description('Lists how many dead letters each job has, and how old they are, without receiving any.')
    .option('--json', 'print the list as JSON')
    .action(async (options) => (await import('./list.ts')).list(options));
}

function show(): Command {
  return new Command('show')
    .description('Shows dead letters: why each died, its payload, its attempts, and where its log is.')
    .argument('<job>', "the job's name, or unrouted or undelivered")
    .option('--limit <n>', 'how many to receive, 1 to 1000', wholeNumber('--limit', 1, 1000), 10)
    .option('--id <jobId>', 'show the dead letter of this job ID; looks through the whole queue for it')
    .option('--oldest-first', 'show those that died first at the top, of those received')
    .option('--json', 'print the dead letters as JSON')
    .action(async (job, options) => (await import('./show.ts')).show(job, options));
}

function redrive(): Command {
  const command = new Command('redrive')
    .description('Sends dead letters back to their job, which runs them again with all its attempts.')
    .argument(
      '<job>',
      "the job's name; or unrouted or undelivered, whose messages are published to the topic again",
    );
  return addSelectionOptions(command)
    .option('--dry-run', 'only say what would be sent back')
    .option('--rate <n>', 'send at most so many a second, 1 to 500', (text) =>
      wholeNumber('--rate', 1, 500)(text.replace(/\/s$/, '')),
    )
    .addHelpText('after', redriveExamples)
    .action(async (job, options) => (await import('./redrive.ts')).redrive(job, options));
}

const redriveExamples = `
Examples:
  npm run jobs -- dlq redrive GreetingJob --all
  npm run jobs -- dlq redrive GreetingJob --error TypeError --dry-run
  npm run jobs -- dlq redrive GreetingJob --older-than 2d --rate 50 --stack jobs-prod
  npm run jobs -- dlq redrive unrouted --all

For --all, SQS itself moves a job's whole queue (StartMessageMoveTask). In all other cases each message is received, sent and
then deleted: an interruption can duplicate a message, but never lose one.`;

function discard(): Command {
  const command = new Command('discard')
    .description('Deletes dead letters for good, and prints which.')
    .argument('<job>', "the job's name, or unrouted or undelivered");
  return addSelectionOptions(command)
    .option('--dry-run', 'only say what would be deleted')
    .option('--export <path>', 'a new file to which each is written, as a line of JSON, before it is deleted')
    .option('--yes', 'delete without asking; required where there is no terminal')
    .action(async (job, options) => (await import('./discard.ts')).discard(job, options));
}

/** Adds the options by which dead letters are chosen, of which one must be given; `selectionOf` reads them. */
function addSelectionOptions(command: Command): Command {
  return command
    .option('--all', 'choose all of them')
    .option('--id <jobId...>', 'choose those with these job IDs')
    .option('--error <name>', 'choose those that died of this error, such as TypeError')
    .option('--older-than <duration>', 'choose those that died longer ago than this, such as 30s, 15m or 2d');
}

function edit(): Command {
  return new Command('edit')
    .description(
      'Opens the payload of a dead letter in $VISUAL or $EDITOR, checks it by the schema in src/jobs, and sends it back.',
    )
    .argument('<job>', "the job's name")
    .requiredOption('--id <jobId>', 'the job ID of the dead letter, which stays the same (required)')
    .option('--payload <json>', 'the new payload, so that no editor opens; - for standard input')
    .action(async (job, options) => (await import('./edit.ts')).edit(job, options));
}

function exportCommand(): Command {
  return new Command('export')
    .description('Writes all dead letters as JSON Lines, and leaves them in the queue.')
    .argument('<job>', "the job's name, or unrouted or undelivered")
    .option('--file <path>', 'a new file to write to, instead of standard output')
    .action(async (job, options) => (await import('./export.ts')).exportLetters(job, options));
}
