import { maxBatchEntries, maxMessageBytes } from '../message/limits.ts';

/** Groups entries, in order, so that a group has at most 10 of them and at most 262,144 bytes, as SNS counts them. */
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
