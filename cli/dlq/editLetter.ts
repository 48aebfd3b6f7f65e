import { envelopeOf } from '../../src/message/received.ts';
import { lastPart } from '../../src/names.ts';
import type { End } from '../end.ts';
import { onInterrupt } from '../interrupt.ts';
import { jobLookup } from '../jobFiles.ts';
import { oneLine } from '../oneLine.ts';
import type { Letter } from './letter.ts';
import { type EditOptions, newMessage } from './newMessage.ts';
import { outgoing } from './outgoing.ts';
import { refuseWhileMoving } from './redriveWhole.ts';
import { printFailures } from './report.ts';
import { sendToQueue } from './sendLetters.ts';
import type { Session } from './session.ts';
import { reportUnseen } from './unseen.ts';
import { type HeldLetter, withLetter } from './withLetter.ts';

/**
 * Sends a dead letter back with another payload: the same message, of the same job ID. Nobody else receives it while
 * somebody thinks. Where this computer sleeps meanwhile, it is received again when the new payload is ready, and nothing is
 * sent when it has gone.
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
      return held.isHeld() ? await sendBack(session, held, message) : { letter: held.letter, message };
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
  await reportUnseen(session, { seen: received, removed: 0, isInterrupted });
  return isInterrupted ? 'interrupted' : 'failed';
}

async function sendBack(
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
    (held) => sendBack(session, held, message),
  );
  if ('result' in found) return found.result;
  const name = oneLine(letter.jobId, 100);
  console.error(`nothing was sent: ${name} is not in ${lastPart(session.queue.queueUrl)} any more`);
  return found.isInterrupted ? 'interrupted' : 'failed';
}

/** The same envelope with a new message; without one the message is the body. */
function bodyWith({ body }: Letter, message: string): string {
  const envelope = envelopeOf(body);
  return envelope === undefined ? message : JSON.stringify({ ...envelope, Message: message });
}
