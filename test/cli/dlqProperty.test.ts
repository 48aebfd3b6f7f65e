import type { Message } from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { emptyTally, redrive } from '../../cli/dlq/redrive.ts';
import { sendToQueue } from '../../cli/dlq/sendLetters.ts';
import type { MessageCalls } from '../../cli/dlq/sqs.ts';

/** What happens to one call: nothing special, a throw without or with its effect, or some entries refused. */
type Fault = 'none' | 'before' | 'after' | 'partly';

/** A dead-letter queue and a job's queue as SQS has them, where any call may fail in any way. */
class UnreliableSqs implements MessageCalls {
  readonly dead = new Map<string, { message: Message; handle: string | undefined }>();
  readonly queue: string[] = [];
  readonly calls: string[] = [];
  readonly #faults: Fault[];
  #handles = 0;

  constructor(bodies: readonly string[], faults: readonly Fault[]) {
    this.#faults = [...faults];
    for (const [index, Body] of bodies.entries()) {
      const MessageId = `message-${index}`;
      this.dead.set(MessageId, { message: { MessageId, Body }, handle: undefined });
    }
  }

  receiveMessage: MessageCalls['receiveMessage'] = ({ MaxNumberOfMessages = 1 }) =>
    this.#call('receive', [], () => {
      const visible = [...this.dead.values()].filter(({ handle }) => handle === undefined);
      return {
        Messages: visible.slice(0, MaxNumberOfMessages).map((entry) => {
          entry.handle = `handle-${this.#handles++}`;
          return { ...entry.message, ReceiptHandle: entry.handle };
        }),
      };
    });

  sendMessageBatch: MessageCalls['sendMessageBatch'] = ({ Entries = [] }) =>
    this.#call('send', Entries, (entries) => {
      for (const { MessageBody = '' } of entries) this.queue.push(MessageBody);
      return undefined;
    });

  deleteMessageBatch: MessageCalls['deleteMessageBatch'] = ({ Entries = [] }) =>
    this.#call('delete', Entries, (entries) => {
      for (const { ReceiptHandle } of entries) {
        for (const [id, { handle }] of this.dead) if (handle === ReceiptHandle) this.dead.delete(id);
      }
      return undefined;
    });

  changeMessageVisibilityBatch: MessageCalls['changeMessageVisibilityBatch'] = ({ Entries = [] }) =>
    this.#call('release', Entries, (entries) => {
      for (const { ReceiptHandle } of entries) {
        for (const entry of this.dead.values()) {
          if (entry.handle === ReceiptHandle) entry.handle = undefined;
        }
      }
      return undefined;
    });

  async #call<Entry extends { Id?: string | undefined }>(
    name: string,
    entries: readonly Entry[],
    effect: (taken: readonly Entry[]) => { Messages: Message[] } | undefined,
  ) {
    const fault = this.#faults.shift() ?? 'none';
    this.calls.push(name);
    await Promise.resolve();
    if (fault === 'before') throw new Error(`${name} failed before`);
    const taken = fault === 'partly' ? entries.filter((_, index) => index % 2 === 0) : entries;
    const output = effect(taken);
    if (fault === 'after') throw new Error(`${name} failed after`);
    const refused = entries.filter((entry) => !taken.includes(entry));
    return {
      Successful: taken.map(({ Id }) => ({ Id })) as never[],
      Failed: refused.map(({ Id }) => ({ Id, Code: 'ReceiptHandleIsInvalid', SenderFault: true })),
      ...output,
    };
  }
}

const faults = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Fault>('none') },
    { weight: 1, arbitrary: fc.constantFrom<Fault>('before', 'after', 'partly') },
  ),
  { maxLength: 60 },
);

test('whatever fails and whenever it ends, no letter is lost and no unselected one is touched', async () => {
  let withFaults = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 60 }),
      faults,
      fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
      async (count, givenFaults, abortAfterCalls) => {
        const bodies = Array.from({ length: count }, (_, index) => JSON.stringify({ index }));
        const sqs = new UnreliableSqs(bodies, givenFaults);
        const tally = emptyTally();
        const abort = new AbortController();
        const isSelected = (body: string): boolean => JSON.parse(body).index % 3 !== 0;
        const result = await redrive({ sqs, queueUrl: 'dead' }, tally, {
          selection: { by: 'id', text: '', takes: ({ body }) => isSelected(body) },
          send: sendToQueue(sqs, 'queue'),
          signal: abort.signal,
          onProgress: () => {
            if (abortAfterCalls !== undefined && sqs.calls.length >= abortAfterCalls) abort.abort();
          },
        }).then(
          () => 'ended',
          () => 'threw',
        );

        const dead = [...sqs.dead.values()].map(({ message }) => message.Body ?? '');
        for (const body of bodies) {
          expect(dead.includes(body) || sqs.queue.includes(body)).toBe(true);
          if (!isSelected(body))
            expect([dead.includes(body), sqs.queue.includes(body)]).toEqual([true, false]);
        }
        // What the report says is true: sent and deleted, or perhaps in both queues.
        const inBoth = dead.filter((body) => sqs.queue.includes(body)).length;
        if (result === 'ended') expect(inBoth).toBe(tally.duplicates);
        expect(count - dead.length).toBeGreaterThanOrEqual(tally.redriven);

        const hadFault = givenFaults.slice(0, sqs.calls.length).some((fault) => fault !== 'none');
        if (hadFault) withFaults += 1;
        else {
          expect(result).toBe('ended');
          expect([...sqs.dead.values()].every(({ handle }) => handle === undefined)).toBe(true);
          expect(new Set(sqs.queue).size).toBe(sqs.queue.length);
          expect(inBoth).toBe(0);
          if (!abort.signal.aborted) {
            expect(dead.toSorted()).toEqual(bodies.filter((body) => !isSelected(body)).toSorted());
          }
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(withFaults).toBeGreaterThan(50);
});
