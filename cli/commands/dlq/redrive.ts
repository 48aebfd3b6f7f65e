import { Command } from 'commander';
import type { SelectionOptions } from '../../dlq/selection.ts';
import { addTargetOptions, type TargetOptions } from '../../target.ts';
import { addSelectionOptions } from './selectionOptions.ts';
import { wholeNumber } from './wholeNumber.ts';

export function redriveCommand(): Command {
  const command = new Command('redrive')
    .description('Sends dead letters back to their job, to be run again with all its attempts.')
    .argument(
      '<job>',
      "the job's name, or unrouted or undelivered, whose messages go through the topic again",
    );
  return addTargetOptions(
    addSelectionOptions(command)
      .option('--dry-run', 'say what would be sent back, and leave it')
      .option('--rate <n>', 'at most so many a second, 1 to 500', (text) =>
        wholeNumber('--rate', 1, 500)(text.replace(/\/s$/, '')),
      ),
  )
    .addHelpText('after', examples)
    .action(redrive);
}

const examples = `
Examples:
  npm run jobs -- dlq redrive GreetingJob --all
  npm run jobs -- dlq redrive GreetingJob --error TypeError --dry-run
  npm run jobs -- dlq redrive GreetingJob --older-than 2d --rate 50 --stack jobs-prod
  npm run jobs -- dlq redrive unrouted --all

--all moves a job's whole queue by SQS itself (StartMessageMoveTask). Everything else receives, sends and then
deletes: whatever interrupts it can duplicate a message, but never lose one.`;

export interface RedriveCommandOptions extends TargetOptions, SelectionOptions {
  readonly dryRun?: boolean;
  readonly rate?: number;
}

async function redrive(name: string, options: RedriveCommandOptions): Promise<void> {
  const [{ selectionOf }, { isSafetyNet }, { withQueue }] = await Promise.all([
    import('../../dlq/selection.ts'),
    import('../../dlq/deadLetterQueue.ts'),
    import('../../dlq/session.ts'),
  ]);
  const selection = selectionOf(options);
  const isWholeQueue = selection.by === 'all' && !isSafetyNet(name);
  const [{ redriveWhole }, { redriveSelected }] = await Promise.all([
    import('../../dlq/redriveWhole.ts'),
    import('../../dlq/redriveSelected.ts'),
  ]);
  await withQueue(isWholeQueue ? 'redrive --all' : 'redrive', name, options, (session) =>
    isWholeQueue ? redriveWhole(session, options) : redriveSelected(session, selection, options),
  );
}
