import { maxBatchEntries, maxMessageBytes } from '../message/limits.ts';
import type { AnyItem, PublishResult } from './item.ts';
import type { Message } from './message.ts';

/** What a stream does with its items. */
export interface StreamSteps {
  jobIdOf(item: AnyItem): string;
  /** Makes a message of an item. Rejects when the item cannot be sent. */
  prepare(item: AnyItem, jobId: string): Promise<Message>;
  /** Sends up to 10 messages. Never rejects. */
  send(messages: readonly Message[]): Promise<readonly PublishResult[]>;
}

/**
 * How many batches are sent at a time. A few hide the network's delay. More gain nothing: the SDK works on one thread.
 */
const batchesInFlight = 4;

/**
 * Takes items as fast as they can be sent, and yields their results in order. When iterating over `items` throws, the
 * items before still get their results, and then that error is thrown.
 */
export async function* publishStream(
  items: Iterable<AnyItem> | AsyncIterable<AnyItem>,
  steps: StreamSteps,
): AsyncGenerator<PublishResult, void, undefined> {
  const source = new Source(items);
  const inFlight: Promise<PublishResult[]>[] = [];
  for await (const batch of batchesOf(entriesOf(source, steps))) {
    inFlight.push(sendEntries(batch, steps));
    if (inFlight.length === batchesInFlight) yield* (await inFlight.shift()) ?? [];
  }
  for (const results of inFlight) yield* await results;
  if (source.failed) throw source.error;
}

/**
 * The items. Where their iterator throws, they end early and the error is kept, so
 * that results on their way are not lost.
 */
class Source {
  readonly #items: Iterable<AnyItem> | AsyncIterable<AnyItem>;
  failed = false;
  error: unknown;

  constructor(items: Iterable<AnyItem> | AsyncIterable<AnyItem>) {
    this.#items = items;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AnyItem> {
    try {
      yield* this.#items;
    } catch (error) {
      this.failed = true;
      this.error = error;
    }
  }
}

/** An item on its way: the message to send, or the result of one that cannot be sent. */
type Entry =
  | { readonly bytes: number; readonly message: Message }
  | { readonly bytes: 0; readonly result: PublishResult };

async function* entriesOf(source: Source, { jobIdOf, prepare }: StreamSteps): AsyncGenerator<Entry> {
  for await (const item of source) {
    const jobId = jobIdOf(item);
    try {
      const message = await prepare(item, jobId);
      yield { bytes: message.bytes, message };
    } catch (error) {
      yield { bytes: 0, result: { status: 'failed', jobId, error: error as Error } };
    }
  }
}

async function sendEntries(batch: readonly Entry[], { send }: StreamSteps): Promise<PublishResult[]> {
  const entries = await Promise.all(batch.map(storedEntry));
  const messages = entries.flatMap((entry) => ('message' in entry ? [entry.message] : []));
  const sent = (messages.length > 0 ? await send(messages) : [])[Symbol.iterator]();
  return entries.map((entry) => ('result' in entry ? entry.result : (sent.next().value as PublishResult)));
}

/** Waits until an entry's payload is stored. A message whose payload could not be stored is not sent. */
async function storedEntry(entry: Entry): Promise<Entry> {
  if (!('message' in entry)) return entry;
  const error = await entry.message.stored;
  return error ? { bytes: 0, result: { status: 'failed', jobId: entry.message.jobId, error } } : entry;
}

/** Groups entries in their order. A group has at most 10 entries and at most 262,144 bytes, as SNS counts them. */
export async function* batchesOf<Entry extends { readonly bytes: number }>(
  entries: AsyncIterable<Entry>,
): AsyncGenerator<Entry[]> {
  let batch: Entry[] = [];
  let bytes = 0;
  for await (const entry of entries) {
    if (batch.length === maxBatchEntries || bytes + entry.bytes > maxMessageBytes) {
      if (batch.length > 0) yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(entry);
    bytes += entry.bytes;
  }
  if (batch.length > 0) yield batch;
}
