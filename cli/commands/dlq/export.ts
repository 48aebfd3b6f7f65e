import { Command } from 'commander';
import { lastPart } from '../../../src/names.ts';
import { counted } from '../../counted.ts';
import type { Session } from '../../dlq/session.ts';
import type { End } from '../../end.ts';
import { addTargetOptions, type TargetOptions } from '../../target.ts';

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Writes all dead letters as JSON Lines, and leaves them where they are.')
    .argument('<job>', "the job's name, or unrouted or undelivered")
    .option('--file <path>', 'a new file to write to, instead of standard output');
  return addTargetOptions(command).action(exportLetters);
}

interface ExportOptions extends TargetOptions {
  readonly file?: string;
}

async function exportLetters(name: string, options: ExportOptions): Promise<void> {
  const { withQueue } = await import('../../dlq/session.ts');
  await withQueue('export', name, options, (session) => write(session, options));
}

async function write(session: Session, { file }: ExportOptions): Promise<End> {
  const [{ openLines }, { onInterrupt }, { startProgress }, { sweep }, { reportUnseen }] = await Promise.all([
    import('../../dlq/exportFile.ts'),
    import('../../interrupt.ts'),
    import('../../dlq/progress.ts'),
    import('../../dlq/sweep.ts'),
    import('../../dlq/unseen.ts'),
  ]);
  const { sqs, queue, target, depth } = session;
  const lines = await openLines(file, queue.name);
  using interrupt = onInterrupt('giving back what was received');
  using progress = startProgress(`exporting ${queue.name}`, depth.waiting, file === undefined);
  let written = 0;
  try {
    await sweep(
      { sqs, queueUrl: queue.queueUrl, speed: target.speed },
      async (letters) => {
        await lines.write(letters);
        written += letters.length;
        progress.update(written, '');
      },
      { signal: interrupt.signal },
    );
  } finally {
    await lines.close();
  }
  progress[Symbol.dispose]();
  const from = lastPart(queue.queueUrl);
  if (written === 0) console.error(`nothing to export: ${from} has no visible message`);
  else console.error(`exported ${counted(written, 'dead letter')} of ${from}${file ? ` to ${file}` : ''}`);
  const isInterrupted = interrupt.signal.aborted;
  const hasUnseen = await reportUnseen(session, { seen: written, removed: 0, isInterrupted });
  if (isInterrupted) return 'interrupted';
  return written > 0 && !hasUnseen ? 'done' : 'failed';
}
