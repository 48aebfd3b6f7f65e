import { onInterrupt } from '../interrupt.ts';
import type { Letter } from './letter.ts';
import type { Session } from './session.ts';
import { sweep } from './sweep.ts';

/** A letter that nobody else receives meanwhile. */
export interface HeldLetter {
  readonly letter: Letter;
  /** False when this computer slept for so long that SQS has shown it to others again. */
  isHeld(): boolean;
  /** @returns whether it is certain that it is deleted */
  remove(): Promise<boolean>;
}

/** What came of a search. */
export type Found<Result> =
  | { readonly result: Result }
  /** How many were received in vain. */
  | { readonly received: number; readonly isInterrupted: boolean };

/** Looks for a letter, gives back everything else, and holds it while something is done with it. */
export async function withLetter<Result>(
  { sqs, queue, target }: Pick<Session, 'sqs' | 'queue' | 'target'>,
  takes: (letter: Letter) => boolean,
  work: (held: HeldLetter) => Promise<Result>,
): Promise<Found<Result>> {
  let received = 0;
  let found: Found<Result> | undefined;
  using interrupt = onInterrupt('giving back what was received');
  const { signal } = interrupt;
  await sweep(
    { sqs, queueUrl: queue.queueUrl, speed: target.speed },
    async (letters, { giveBackBut, isHeld, remove, stop }) => {
      received += letters.length;
      const letter = letters.find(takes);
      if (letter === undefined || signal.aborted) return;
      stop();
      await giveBackBut([letter]);
      interrupt[Symbol.dispose](); // from here on it is the work's own
      const result = await work({
        letter,
        isHeld: () => isHeld(letter),
        remove: async () => (await remove([letter])).length === 0,
      });
      found = { result };
    },
    { signal, lanes: 1 },
  );
  return found ?? { received, isInterrupted: signal.aborted };
}
