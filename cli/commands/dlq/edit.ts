import { Command } from 'commander';
import { CommandError } from '../../CommandError.ts';
import { addTargetOptions, type TargetOptions } from '../../target.ts';

export function editCommand(): Command {
  const command = new Command('edit')
    .description(
      'Opens the payload of a dead letter in $VISUAL or $EDITOR, checks it by the schema in src/jobs, and sends it back.',
    )
    .argument('<job>', "the job's name")
    .requiredOption('--id <jobId>', 'which one; the job keeps its ID')
    .option('--payload <json>', 'the new payload, instead of an editor; - for standard input');
  return addTargetOptions(command).action(edit);
}

interface EditOptions extends TargetOptions {
  readonly id: string;
  readonly payload?: string;
}

async function edit(name: string, options: EditOptions): Promise<void> {
  const [{ withQueue }, { isSafetyNet }, { editLetter }, { editorOf }] = await Promise.all([
    import('../../dlq/session.ts'),
    import('../../dlq/deadLetterQueue.ts'),
    import('../../dlq/editLetter.ts'),
    import('../../dlq/correction.ts'),
  ]);
  if (isSafetyNet(name)) {
    throw new CommandError(
      `the messages in ${name} are no job's yet, so there is no schema to edit by: export them, and publish what they should have been`,
    );
  }
  if (options.payload === undefined) editorOf(process.env); // before a letter is received in vain
  await withQueue('edit', name, options, (session) => editLetter(session, options));
}
