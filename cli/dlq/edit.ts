import { envelopeOf } from '../../src/message/received.ts';
import { lastPart } from '../../src/names.ts';
import { jobLookup } from '../jobFiles.ts';
import { CommandError, type End, onInterrupt } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { oneLine } from '../text.ts';
import type { Letter } from './letter.ts';
import { refuseWhileMoving } from './moveQueue.ts';
import { type EditOptions, editorOf, newMessage } from './newMessage.ts';
import { isSafetyNet } from './queues.ts';
import { endOf, printFailures } from './report.ts';
import { outgoing, sendToQueue } from './sendLetters.ts';
import { type Session, sweptQueue, withQueue } from './session.ts';
import { sweep } from './sweep.ts';

export async function edit(name: string, options: EditOptions & TargetOptions): Promise<void> {
  if (isSafetyNet(name)) {
    throw new CommandError(
      `the messages in ${name} belong to no job, so no schema can check them: export them, and publish the corrected messages`,
    );
  }
  if (options.payload === undefined) editorOf(process.env); // throws before a letter is received in vain
  await withQueue('edit', name, options, (session) => editLetter(session, options));
}

/**
 * Sends a dead letter back with a new payload and the same job ID. Nobody else can receive it while somebody edits. If this
 * computer sleeps meanwhile, the letter is received again when the new payload is ready; nothing is sent if it is gone.
 */
export async function editLetter(session: Session, options: EditOptions): Promise<End> {
  const { target, queue } = session;
  await refuseWhileMoving(session);
  const job = await jobLookup(target, false)(queue.name);
  const found = await withLetter(
    session,
    ({ jobId }) => jobId === options.id,
    async (held) => {
      const message = await newMessage(held.letter, job, session, options);
      if (message === undefined) return 'failed';
      return held.isHeld() ? await sendEdited(session, held, message) : { letter: held.letter, message };
    },
  );
  if (!('result' in found)) return await notFound(session, options.id, found);
  const end = found.result;
  return typeof end === 'string' ? end : await sendAfterSleep(session, end);
}

async function notFound(
  session: Session,
  id: string,
  { received, isInterrupted }: { received: number; isInterrupted: boolean },
): Promise<End> {
  if (!isInterrupted) console.error(`no dead letter has the ID ${id} in ${lastPart(session.queue.queueUrl)}`);
  return await endOf(session, { seen: received, removed: 0, isInterrupted }, false);
}

async function sendEdited(
  { sqs, queue }: Session,
  { letter, remove }: HeldLetter,
  message: string,
): Promise<End> {
  const jobQueueUrl = queue.jobQueueUrl ?? '';
  using interrupt = onInterrupt('finishing the message in hand');
  const send = sendToQueue(sqs, jobQueueUrl, (old) => outgoing({ ...old, body: bodyWith(old, message) }));
  const { sent, failed, error } = await send([letter]);
  if (error !== undefined) throw error;
  printFailures(failed, 'not sent');
  let isDeleted = false;
  const name = oneLine(letter.jobId, 100);
  try {
    isDeleted = sent.length > 0 && (await remove());
  } finally {
    if (isDeleted) console.log(`sent ${name} back to ${lastPart(jobQueueUrl)} with its new payload`);
    else if (sent.length > 0) {
      console.error(
        `sent ${name} with its new payload, but the dead letter could not be deleted: discard it`,
      );
    }
  }
  if (interrupt.signal.aborted) return 'interrupted';
  return isDeleted ? 'done' : 'failed';
}

async function sendAfterSleep(
  session: Session,
  { letter, message }: { letter: Letter; message: string },
): Promise<End> {
  const found = await withLetter(
    session,
    ({ messageId }) => messageId === letter.messageId,
    (held) => sendEdited(session, held, message),
  );
  if ('result' in found) return found.result;
  const name = oneLine(letter.jobId, 100);
  console.error(`nothing was sent: ${name} is not in ${lastPart(session.queue.queueUrl)} any more`);
  return found.isInterrupted ? 'interrupted' : 'failed';
}

/** The body with a new message: in the same envelope, or alone when there was no envelope. */
function bodyWith({ body }: Letter, message: string): string {
  const envelope = envelopeOf(body);
  return envelope === undefined ? message : JSON.stringify({ ...envelope, Message: message });
}

/** A letter that nobody else can receive meanwhile. */
interface HeldLetter {
  readonly letter: Letter;
  /** False when this computer slept for so long that others may have received it. */
  isHeld(): boolean;
  /** @returns whether the letter is deleted for certain */
  remove(): Promise<boolean>;
}

/** The result of a search. */
type Found<Result> =
  | { readonly result: Result }
  /** Not found; `received` counts the letters that were looked through. */
  | { readonly received: number; readonly isInterrupted: boolean };

/** Looks for a letter, gives back all others, and holds it during the work. */
async function withLetter<Result>(
  session: Session,
  takes: (letter: Letter) => boolean,
  work: (held: HeldLetter) => Promise<Result>,
): Promise<Found<Result>> {
  let received = 0;
  let found: Found<Result> | undefined;
  using interrupt = onInterrupt('giving back what was received');
  const { signal } = interrupt;
  await sweep(
    sweptQueue(session),
    async (letters, { giveBackBut, isHeld, remove, stop }) => {
      received += letters.length;
      const letter = letters.find(takes);
      if (letter === undefined || signal.aborted) return;
      stop();
      await giveBackBut([letter]);
      interrupt[Symbol.dispose](); // from now on Ctrl-C is handled by the work
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
