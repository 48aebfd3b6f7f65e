import { Command } from 'commander';
import type { Selection, SelectionOptions } from '../../dlq/selection.ts';
import type { Session } from '../../dlq/session.ts';
import type { End } from '../../end.ts';
import { addTargetOptions, type TargetOptions } from '../../target.ts';
import { addSelectionOptions } from './selectionOptions.ts';

export function discardCommand(): Command {
  const command = new Command('discard')
    .description('Deletes dead letters for good, and prints which.')
    .argument('<job>', "the job's name, or unrouted or undelivered");
  return addTargetOptions(
    addSelectionOptions(command)
      .option('--dry-run', 'say what would be deleted, and leave it')
      .option('--export <path>', 'a new file that gets each as a line of JSON before it is deleted')
      .option('--yes', 'do not ask; needed where nobody can be asked'),
  ).action(discard);
}

interface DiscardOptions extends TargetOptions, SelectionOptions {
  readonly dryRun?: boolean;
  readonly export?: string;
  readonly yes?: boolean;
}

async function discard(name: string, options: DiscardOptions): Promise<void> {
  const [{ selectionOf }, { withQueue }] = await Promise.all([
    import('../../dlq/selection.ts'),
    import('../../dlq/session.ts'),
  ]);
  const selection = selectionOf(options);
  await withQueue('discard', name, options, (session) => discardFrom(session, selection, options));
}

async function discardFrom(session: Session, selection: Selection, options: DiscardOptions): Promise<End> {
  if (options.dryRun) {
    const { survey } = await import('../../dlq/survey.ts');
    return await survey(session, selection, { verb: 'discard' });
  }
  const [{ confirmed }, { discardSelected }] = await Promise.all([
    import('../../dlq/confirm.ts'),
    import('../../dlq/discard.ts'),
  ]);
  const { queue, target, depth } = session;
  const which = selection.by === 'all' ? `all (about ${depth.waiting})` : selection.text;
  const question = `Delete dead letters of ${queue.name} on ${target.name} for good: ${which}?`;
  const answer = options.yes ? 'yes' : await confirmed(question);
  if (answer !== 'yes') {
    console.error(`${answer === 'interrupted' ? '\n' : ''}nothing was discarded`);
    return answer === 'interrupted' ? 'interrupted' : 'failed';
  }
  return await discardSelected(session, selection, options.export);
}
