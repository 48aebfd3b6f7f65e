import { maxBatchEntries } from '../../src/message/limits.ts';
import type { Letter } from './letter.ts';
import type { Session } from './session.ts';
import { sweep } from './sweep.ts';

export interface Peeked {
  readonly letters: Letter[];
  /** Also those that were looked for in vain: each has been received once more. */
  readonly received: number;
}

/** Receives as few letters as it can, and gives all of them back. */
export async function peek(
  { sqs, queue, target }: Pick<Session, 'sqs' | 'queue' | 'target'>,
  { limit, id }: { readonly limit: number; readonly id?: string },
  signal: AbortSignal,
): Promise<Peeked> {
  const found: Letter[] = [];
  let received = 0;
  await sweep(
    { sqs, queueUrl: queue.queueUrl, speed: target.speed },
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
