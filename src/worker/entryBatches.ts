import { maxBatchEntries } from '../message/limits.ts';

/** Sends entries and gives SQS's refusals by the entry's place; rejects when the call as a whole failed. */
export type SendEntries<Entry> = (entries: readonly Entry[]) => Promise<ReadonlyMap<number, Error>>;

/** Gathers single entries into batched calls. */
export class EntryBatches<Entry> {
  readonly #send: SendEntries<Entry>;
  #waiting: Waiting<Entry>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(send: SendEntries<Entry>) {
    this.#send = send;
  }

  /** Resolves when SQS took the entry, with up to nine others; rejects when it refused, or the call failed. */
  add(entry: Entry): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ entry, resolve, reject });
    if (this.#waiting.length === maxBatchEntries) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), maxWaitMs);
    return promise;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#send(batch.map(({ entry }) => entry)).then(
      (refused) => {
        for (const [index, { resolve, reject }] of batch.entries()) {
          const error = refused.get(index);
          if (error === undefined) resolve();
          else reject(error);
        }
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
      },
    );
  }
}

interface Waiting<Entry> {
  readonly entry: Entry;
  resolve(): void;
  reject(error: unknown): void;
}

/** How long an entry waits for others: far less than a call takes. */
const maxWaitMs = 3;
