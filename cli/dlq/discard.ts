import { createInterface } from 'node:readline/promises';
import { lastPart } from '../../src/names.ts';
import { CommandError, type End, onInterrupt } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { counted, oneLine } from '../text.ts';
import { openLines } from './export.ts';
import type { Letter } from './letter.ts';
import { whyText } from './letterText.ts';
import type { DeadLetterQueue } from './queues.ts';
import { emptyTally, endOf, noteSeen, nothingSelected, printFailures, startProgress } from './report.ts';
import { type Selection, type SelectionOptions, selectionOf } from './selection.ts';
import type { Failure } from './sendLetters.ts';
import { type Session, sweptQueue, withQueue } from './session.ts';
import { survey } from './survey.ts';
import { sweep } from './sweep.ts';

interface DiscardOptions extends TargetOptions, SelectionOptions {
  readonly dryRun?: boolean;
  readonly export?: string;
  readonly yes?: boolean;
}

export async function discard(name: string, options: DiscardOptions): Promise<void> {
  const selection = selectionOf(options);
  await withQueue('discard', name, options, (session) => discardFrom(session, selection, options));
}

async function discardFrom(session: Session, selection: Selection, options: DiscardOptions): Promise<End> {
  if (options.dryRun) return await survey(session, selection, { verb: 'discard' });
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

/**
 * Asks a question on the terminal. Any answer but yes or Ctrl-C means no.
 * @throws {CommandError} when there is no terminal
 */
async function confirmed(question: string): Promise<'yes' | 'no' | 'interrupted'> {
  if (!process.stdin.isTTY) throw new CommandError('there is no terminal to ask on: give --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<'no' | 'interrupted'>((resolve) => {
    terminal.once('SIGINT', () => resolve('interrupted'));
    terminal.once('close', () => resolve('no'));
  });
  try {
    const answer = terminal.question(`${question} [y/N] `);
    return await Promise.race([answer.then((text) => (isYes(text) ? 'yes' : 'no')), ended]);
  } finally {
    terminal.close();
  }
}

function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim());
}

/** Deletes the selected letters and prints a line for each. When a file is given, each letter is written to it first. */
async function discardSelected(
  session: Session,
  selection: Selection,
  exportTo: string | undefined,
): Promise<End> {
  const { queue, depth } = session;
  const file = exportTo === undefined ? undefined : await openLines(exportTo, queue.name);
  const tally = emptyTally();
  const kept = new Map<string, Failure>();
  let discarded = 0;
  using interrupt = onInterrupt('finishing the batches in hand');
  using progress = startProgress(`discarding from ${queue.name}`, depth.waiting, true);
  try {
    await sweep(
      sweptQueue(session),
      async (letters, { remove }) => {
        const selected = letters.filter((letter) => selection.takes(letter));
        noteSeen(tally, letters);
        tally.selected += selected.length;
        if (selected.length > 0) await file?.write(selected);
        for (const failure of await remove(selected)) kept.set(failure.letter.messageId, failure);
        progress.update(tally.seen, { text: `, ${discarded} discarded` });
      },
      {
        signal: interrupt.signal,
        onDeleted(letters) {
          discarded += letters.length;
          for (const letter of letters) {
            kept.delete(letter.messageId);
            console.log(line(letter, queue));
          }
        },
      },
    );
  } finally {
    await file?.close();
    progress[Symbol.dispose]();
    printFailures([...kept.values()], 'not discarded');
    if (discarded > 0) {
      const saved = exportTo === undefined ? '' : `; they are in ${exportTo}`;
      console.error(`discarded ${counted(discarded, 'dead letter')} of ${lastPart(queue.queueUrl)}${saved}`);
    }
  }
  if (tally.selected === 0) console.error(`nothing to discard: ${nothingSelected(tally, selection, queue)}`);
  const isInterrupted = interrupt.signal.aborted;
  const seen = { seen: tally.seen, removed: discarded, isInterrupted };
  return await endOf(session, seen, discarded > 0 && kept.size === 0);
}

function line(letter: Letter, queue: DeadLetterQueue): string {
  return `discarded ${oneLine(letter.jobId, 100)}  ${oneLine(whyText(letter, queue), 200)}`;
}
