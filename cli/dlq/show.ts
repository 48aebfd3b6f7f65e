import { maxBatchEntries } from '../../src/message/limits.ts';
import { lastPart } from '../../src/names.ts';
import { type End, onInterrupt } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { counted, oneLine } from '../text.ts';
import { diedAtMs, type Letter, letterJson } from './letter.ts';
import { letterText } from './letterText.ts';
import { type OffloadedPayload, offloadedPayloads } from './offloadedPayloads.ts';
import { isSafetyNet } from './queues.ts';
import { endOf } from './report.ts';
import { type Session, sweptQueue, withQueue } from './session.ts';
import { sweep } from './sweep.ts';
import { jobNameOf } from './throughTopic.ts';

interface ShowOptions extends TargetOptions {
  readonly limit: number;
  readonly id?: string;
  readonly oldestFirst?: boolean;
  readonly json?: boolean;
}

export async function show(name: string, options: ShowOptions): Promise<void> {
  await withQueue('show', name, options, (session) => showLetters(session, options));
}

async function showLetters(session: Session, options: ShowOptions): Promise<End> {
  const offloaded = offloadedIn(session);
  using interrupt = onInterrupt('giving back what was received');
  const { letters, received } = await peek(session, options, interrupt.signal);
  letters.sort((one, other) => diedAtMs(other) - diedAtMs(one));
  if (options.oldestFirst) letters.reverse();
  if (options.json) {
    const { name } = session.queue;
    const shown: object[] = [];
    for (const letter of letters) shown.push(letterJson(name, letter, await offloaded(letter)));
    console.log(JSON.stringify(shown, undefined, 2));
  }
  await print(session, letters, received, options, offloaded);
  const isInterrupted = interrupt.signal.aborted;
  if (letters.length === 0) return await endOf(session, { seen: received, removed: 0, isInterrupted }, false);
  return isInterrupted ? 'interrupted' : 'done';
}

interface Peeked {
  readonly letters: Letter[];
  /** How many were received, also those that were not what was looked for. */
  readonly received: number;
}

/** Receives as few letters as possible, and gives all of them back. */
async function peek(
  session: Session,
  { limit, id }: { readonly limit: number; readonly id?: string },
  signal: AbortSignal,
): Promise<Peeked> {
  const found: Letter[] = [];
  let received = 0;
  await sweep(
    sweptQueue(session),
    async (letters, { stop }) => {
      received += letters.length;
      found.push(...letters.filter(({ jobId }) => id === undefined || jobId === id));
      if (found.length >= (id === undefined ? limit : 1)) stop();
    },
    {
      signal,
      lanes: 1,
      batchSize: () => Math.min(id === undefined ? limit - found.length : maxBatchEntries, maxBatchEntries),
    },
  );
  return { letters: found.slice(0, limit), received };
}

type Offloaded = (letter: Letter) => Promise<OffloadedPayload | undefined>;

/** Callers read one payload at a time, because each may have 16 MiB. */
function offloadedIn({ target, queue }: Session): Offloaded {
  const payloads = offloadedPayloads(target);
  return (letter) => payloads.read(letter, isSafetyNet(queue.name) ? jobNameOf(letter) : queue.name);
}

async function print(
  { target, queue, depth }: Session,
  letters: readonly Letter[],
  received: number,
  { id, json, oldestFirst }: ShowOptions,
  offloaded: Offloaded,
): Promise<void> {
  if (letters.length === 0) {
    const where = `in ${lastPart(queue.queueUrl)}`;
    console.error(
      received === 0
        ? `no dead letter is visible ${where}`
        : `none of ${counted(received, 'dead letter')} ${where} has the ID ${oneLine(id ?? '', 200)}`,
    );
  } else if (!json) {
    const all = Math.max(depth.waiting + depth.inFlight, letters.length);
    // SQS has no order, so the received letters are a sample unless they are all of the queue.
    const sample = letters.length < all ? ', a sample as SQS handed them out' : '';
    const order = id === undefined ? `${sample}, ${oldestFirst ? 'oldest' : 'newest'} first` : '';
    console.log(`${queue.name}: ${letters.length} of about ${counted(all, 'dead letter')}${order}\n`);
    const texts: string[] = [];
    for (const letter of letters) texts.push(letterText(letter, queue, target, await offloaded(letter)));
    console.log(texts.join('\n\n'));
  }
  if (received > 0) console.error(`\n${receivedNote(received, target.speed === undefined)}`);
}

/** Tells what looking did: on AWS, every receive counts. */
function receivedNote(received: number, isOnAws: boolean): string {
  const text =
    received === 1
      ? 'Looking received 1 message once and gave it back.'
      : `Looking received ${received.toLocaleString('en')} messages once and gave them back.`;
  return isOnAws
    ? `${text} SQS leaves what was received three times out of the age that the alarm looks at.`
    : text;
}
