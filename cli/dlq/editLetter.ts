import { type AnyJob, InvalidPayloadError } from '../../src/index.ts';
import { maxClaimCheckBytes, maxMessageBytes } from '../../src/job/bounds.ts';
import { validPayload } from '../../src/job/validPayload.ts';
import { CommandError } from '../CommandError.ts';
import { jobLookup } from '../jobFiles.ts';
import { correctionOf } from './correction.ts';
import { lastPart } from './deadLetterQueue.ts';
import { envelopeOf } from './envelope.ts';
import { onInterrupt } from './interrupt.ts';
import { compactJson, prettyJson } from './jsonText.ts';
import type { Letter } from './letter.ts';
import { type OffloadedPayloads, offloadedPayloads } from './offloadedPayloads.ts';
import { outgoing } from './outgoing.ts';
import { peek } from './peek.ts';
import { emptyTally, redrive } from './redrive.ts';
import { refuseWhileMoving } from './redriveWhole.ts';
import { printFailures } from './report.ts';
import { sendToQueue } from './sendLetters.ts';
import type { End, Session } from './session.ts';
import { reportUnseen } from './unseen.ts';
import { oneLine } from './words.ts';

/**
 * Sends a dead letter back with another payload: the same message, of the same job ID. It is not held while somebody
 * thinks: it is received again when the new payload is ready, and nothing is sent when it has gone meanwhile.
 */
export async function editLetter(
  session: Session,
  { id, payload }: { readonly id: string; readonly payload?: string },
): Promise<End> {
  const { target, queue } = session;
  await refuseWhileMoving(session);
  const job = await jobLookup(target, false)(queue.name);
  const letter = await find(session, id);
  if (letter === undefined) return 'failed';
  const payloads = offloadedPayloads(target);
  const old = await oldText(letter, queue.name, payload, payloads);
  const text = await correctionOf(old, payload, (given) => faultsOf(given, queue.name, job));
  if (text === undefined) {
    console.error('nothing was sent: the dead letter is as it was');
    return 'failed';
  }
  if (text === old) {
    console.error(`nothing was changed. To send it back as it is: dlq redrive ${queue.name} --id ${id}`);
    return 'failed';
  }
  return await sendBack(session, letter, await messageOf(queue.name, letter, text, payloads));
}

async function find(session: Session, id: string): Promise<Letter | undefined> {
  using interrupt = onInterrupt('giving back what was received');
  const { letters, received } = await peek(session, { limit: 1, id }, interrupt.signal);
  if (letters[0] !== undefined) return letters[0];
  console.error(`no dead letter has the ID ${id} in ${lastPart(session.queue.queueUrl)}`);
  const isInterrupted = interrupt.signal.aborted;
  await reportUnseen(session, { seen: received, removed: 0, isInterrupted });
  return undefined;
}

/**
 * What was published. A payload in S3 is fetched when somebody is to edit it.
 * @throws {CommandError} when it cannot be read
 */
async function oldText(
  letter: Letter,
  jobName: string,
  given: string | undefined,
  payloads: OffloadedPayloads,
): Promise<string> {
  const offloaded = given === undefined ? await payloads.read(letter, jobName) : undefined;
  if (offloaded === undefined) return prettyText(envelopeOf(letter.body)?.Message ?? letter.body);
  if ('text' in offloaded) return prettyText(offloaded.text);
  const { url, problem } = offloaded;
  throw new CommandError(
    `the payload is in S3, at ${url}, and was not read: ${problem}. Give the new one as a whole: --payload '<json>'`,
  );
}

/** Pretty where it is JSON, else as it is. */
function prettyText(text: string): string {
  try {
    return prettyJson(text);
  } catch {
    return text;
  }
}

async function faultsOf(text: string, jobName: string, job: AnyJob | string): Promise<string[]> {
  try {
    const payload: unknown = JSON.parse(text);
    if (typeof job !== 'string' && job.payload !== undefined)
      await validPayload(job.payload, payload, jobName);
    return [];
  } catch (error) {
    if (error instanceof InvalidPayloadError) {
      return error.issues.map(
        ({ path, message }) => `${path.map(String).join('.') || 'payload'}: ${message}`,
      );
    }
    return [
      error instanceof SyntaxError
        ? `not JSON: ${error.message}`
        : `the schema of ${jobName} threw: ${error}`,
    ];
  }
}

/**
 * What is published in its place: the payload itself, or, where it is too large for SNS's messages, a pointer to it in S3.
 * @throws {CommandError} when it is too large for S3 too, or S3 does not take it
 */
async function messageOf(
  jobName: string,
  { jobId }: Letter,
  text: string,
  payloads: OffloadedPayloads,
): Promise<string> {
  const payload = compactJson(text);
  const bytes = Buffer.byteLength(payload);
  if (bytes <= maxMessageBytes) return payload;
  if (bytes <= maxClaimCheckBytes) return (await payloads.put(jobName, jobId, payload)) ?? payload;
  throw new CommandError(
    `nothing was sent: the payload has ${bytes} bytes; through S3 it may have ${maxClaimCheckBytes}`,
  );
}

async function sendBack(
  { target, sqs, queue }: Session,
  { messageId, jobId }: Letter,
  message: string,
): Promise<End> {
  const tally = emptyTally();
  const jobQueueUrl = queue.jobQueueUrl ?? '';
  using interrupt = onInterrupt('finishing the batch in hand');
  const found = new AbortController();
  await redrive({ sqs, queueUrl: queue.queueUrl, speed: target.speed }, tally, {
    selection: { by: 'id', text: `--id ${jobId}`, takes: (letter) => letter.messageId === messageId },
    send: sendToQueue(sqs, jobQueueUrl, (letter) => outgoing({ ...letter, body: bodyWith(letter, message) })),
    signal: AbortSignal.any([interrupt.signal, found.signal]),
    onProgress: ({ selected }) => {
      if (selected > 0) found.abort();
    },
  });
  printFailures(tally.failed, 'not sent');
  const name = oneLine(jobId, 100);
  if (tally.redriven === 1) console.log(`sent ${name} back to ${lastPart(jobQueueUrl)} with its new payload`);
  else if (tally.duplicates === 1) {
    console.error(`sent ${name} with its new payload, but the dead letter could not be deleted: discard it`);
  } else if (tally.selected === 0) {
    console.error(`nothing was sent: ${name} is not in ${lastPart(queue.queueUrl)} any more`);
  }
  if (interrupt.signal.aborted) return 'interrupted';
  return tally.redriven === 1 ? 'done' : 'failed';
}

/** The same envelope with a new message; without one the message is the body. */
function bodyWith({ body }: Letter, message: string): string {
  const envelope = envelopeOf(body);
  return envelope === undefined ? message : JSON.stringify({ ...envelope, Message: message });
}
