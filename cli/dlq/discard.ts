import { lastPart } from '../../src/names.ts';
import { counted } from '../counted.ts';
import type { End } from '../end.ts';
import { onInterrupt } from '../interrupt.ts';
import { oneLine } from '../oneLine.ts';
import type { DeadLetterQueue } from './deadLetterQueue.ts';
import { openLines } from './exportFile.ts';
import type { Letter } from './letter.ts';
import { whyText } from './letterText.ts';
import { startProgress } from './progress.ts';
import { nothingSelected, printFailures } from './report.ts';
import type { Selection } from './selection.ts';
import type { Failure } from './sendLetters.ts';
import type { Session } from './session.ts';
import { sweep } from './sweep.ts';
import { emptyTally, noteSeen } from './tally.ts';
import { reportUnseen } from './unseen.ts';

/** Deletes the selected letters, each after it is in the file where one is given, and prints a line for each. */
export async function discardSelected(
  session: Session,
  selection: Selection,
  exportTo: string | undefined,
): Promise<End> {
  const { sqs, queue, target, depth } = session;
  const file = exportTo === undefined ? undefined : await openLines(exportTo, queue.name);
  const tally = emptyTally();
  const kept = new Map<string, Failure>();
  let discarded = 0;
  using interrupt = onInterrupt('finishing the batches in hand');
  using progress = startProgress(`discarding from ${queue.name}`, depth.waiting, true);
  try {
    await sweep(
      { sqs, queueUrl: queue.queueUrl, speed: target.speed },
      async (letters, { remove }) => {
        const selected = letters.filter((letter) => selection.takes(letter));
        noteSeen(tally, letters);
        tally.selected += selected.length;
        if (selected.length > 0) await file?.write(selected);
        for (const failure of await remove(selected)) kept.set(failure.letter.messageId, failure);
        progress.update(tally.seen, `, ${discarded} discarded`);
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
  const hasUnseen = await reportUnseen(session, { seen: tally.seen, removed: discarded, isInterrupted });
  if (isInterrupted) return 'interrupted';
  return discarded > 0 && kept.size === 0 && !hasUnseen ? 'done' : 'failed';
}

function line(letter: Letter, queue: DeadLetterQueue): string {
  return `discarded ${oneLine(letter.jobId, 100)}  ${oneLine(whyText(letter, queue), 200)}`;
}
