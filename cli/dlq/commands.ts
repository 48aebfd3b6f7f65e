import { Command } from 'commander';
import { addTargetOptions, wholeNumber } from '../options.ts';

/** What can be typed after `dlq`. The module of a command, with the AWS SDK, is loaded once that command runs. */
export function dlqCommand(): Command {
  const dlq = new Command('dlq')
    .description('Works with dead letters: the messages of jobs that failed for good, and those no job got.')
    .helpCommand(false)
    .addHelpText('after', notes);
  for (const command of [list(), show(), redrive(), discard(), edit(), exportCommand()]) {
    dlq.addCommand(addTargetOptions(command));
  }
  return dlq;
}

const notes = `
In place of a job's name, unrouted stands for the messages that no job has the name of, and undelivered for those that
SNS could not deliver, or a schedule could not publish. Exit codes: 0 done, 1 nothing to do or something failed, 2 nothing
was tried, 130 interrupted.
docs/when-a-job-fails.md goes from the alarm e-mail to the mended job.`;

function list(): Command {
  return new Command('list')
    .description('Lists how many dead letters each job has, and how old they are. Receives none of them.')
    .option('--json', 'print the list as JSON')
    .action(async (options) => (await import('./list.ts')).list(options));
}

function show(): Command {
  return new Command('show')
    .description('Shows dead letters: why each died, its payload, its attempts, and where its log is.')
    .argument('<job>', "the job's name, or unrouted or undelivered")
    .option('--limit <n>', 'how many to receive, 1 to 1000', wholeNumber('--limit', 1, 1000), 10)
    .option('--id <jobId>', 'the one with this job ID; looks through the whole queue for it')
    .option('--oldest-first', 'the longest dead first, of those that were received')
    .option('--json', 'print them as JSON')
    .action(async (job, options) => (await import('./show.ts')).show(job, options));
}

function redrive(): Command {
  const command = new Command('redrive')
    .description('Sends dead letters back to their job, to be run again with all its attempts.')
    .argument(
      '<job>',
      "the job's name, or unrouted or undelivered, whose messages go through the topic again",
    );
  return addSelectionOptions(command)
    .option('--dry-run', 'say what would be sent back, and leave it')
    .option('--rate <n>', 'at most so many a second, 1 to 500', (text) =>
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

--all moves a job's whole queue by SQS itself (StartMessageMoveTask). Everything else receives, sends and then
deletes: whatever interrupts it can duplicate a message, but never lose one.`;

function discard(): Command {
  const command = new Command('discard')
    .description('Deletes dead letters for good, and prints which.')
    .argument('<job>', "the job's name, or unrouted or undelivered");
  return addSelectionOptions(command)
    .option('--dry-run', 'say what would be deleted, and leave it')
    .option('--export <path>', 'a new file that gets each as a line of JSON before it is deleted')
    .option('--yes', 'do not ask; needed where nobody can be asked')
    .action(async (job, options) => (await import('./discard.ts')).discard(job, options));
}

/** The options by which dead letters are chosen, exactly one of them: what `selectionOf` reads. */
function addSelectionOptions(command: Command): Command {
  return command
    .option('--all', 'all of them')
    .option('--id <jobId...>', 'the ones with these job IDs')
    .option('--error <name>', 'the ones that died of this error, such as TypeError')
    .option('--older-than <duration>', 'the ones that died longer ago than this, such as 30s, 15m or 2d');
}

function edit(): Command {
  return new Command('edit')
    .description(
      'Opens the payload of a dead letter in $VISUAL or $EDITOR, checks it by the schema in src/jobs, and sends it back.',
    )
    .argument('<job>', "the job's name")
    .requiredOption('--id <jobId>', 'which one; the job keeps its ID')
    .option('--payload <json>', 'the new payload, instead of an editor; - for standard input')
    .action(async (job, options) => (await import('./edit.ts')).edit(job, options));
}

function exportCommand(): Command {
  return new Command('export')
    .description('Writes all dead letters as JSON Lines, and leaves them where they are.')
    .argument('<job>', "the job's name, or unrouted or undelivered")
    .option('--file <path>', 'a new file to write to, instead of standard output')
    .action(async (job, options) => (await import('./export.ts')).exportLetters(job, options));
}
