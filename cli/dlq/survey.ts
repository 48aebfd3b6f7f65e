import { type End, onInterrupt } from '../outcome.ts';
import { counted, oneLine } from '../text.ts';
import type { Letter } from './letter.ts';
import { whyText } from './letterText.ts';
import { emptyTally, endOf, noteSeen, nothingSelected, startProgress } from './report.ts';
import type { Selection } from './selection.ts';
import { type Session, sweptQueue } from './session.ts';
import { sweep } from './sweep.ts';

interface SurveyOptions {
  /** What would be done with the selected letters: `discard`, `send back`. */
  readonly verb: string;
  /** Why it would not be done with this letter; undefined when it would. */
  refusal?(letter: Letter): string | undefined;
}

/** `--dry-run`: looks through the queue, lists what a selection takes, and gives everything back. */
export async function survey(
  session: Session,
  selection: Selection,
  { verb, refusal }: SurveyOptions,
): Promise<End> {
  const { queue, depth } = session;
  const tally = emptyTally();
  const [taken, refused]: string[][] = [[], []];
  using interrupt = onInterrupt('giving back what was received');
  using progress = startProgress(`looking through ${queue.name}`, depth.waiting);
  await sweep(
    sweptQueue(session),
    async (letters) => {
      noteSeen(tally, letters);
      for (const letter of letters) {
        if (!selection.takes(letter)) continue;
        const why = refusal?.(letter);
        const list = why === undefined ? taken : refused;
        list?.push(`  ${oneLine(letter.jobId, 100)}  ${oneLine(why ?? whyText(letter, queue), 200)}`);
      }
      progress.update(tally.seen, { text: '' });
    },
    { signal: interrupt.signal },
  );
  progress[Symbol.dispose]();
  const isEmpty = (taken?.length ?? 0) + (refused?.length ?? 0) === 0;
  if (isEmpty) console.error(`would ${verb} nothing: ${nothingSelected(tally, selection, queue)}`);
  else print(`would ${verb} ${taken?.length} of ${counted(tally.seen, 'dead letter')}`, taken ?? []);
  if (refused?.length) print(`would leave ${refused.length}`, refused);
  const isInterrupted = interrupt.signal.aborted;
  return await endOf(session, { seen: tally.seen, removed: 0, isInterrupted }, !isEmpty);
}

const maxShown = 20;

function print(heading: string, lines: readonly string[]): void {
  console.log(lines.length === 0 ? heading : `${heading}:`);
  for (const line of lines.slice(0, maxShown)) console.log(line);
  if (lines.length > maxShown) console.log(`  … and ${(lines.length - maxShown).toLocaleString('en')} more`);
}
