import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { emptyTally } from '../../cli/dlq/report.ts';
import { sendBack } from '../../cli/dlq/sendBack.ts';
import { sendToQueue } from '../../cli/dlq/sendLetters.ts';
import { type Fault, UnreliableSqs } from './unreliableSqs.ts';

const faultKinds = ['before', 'after', 'partly', 'sleepBefore', 'sleepAfter'] as const;
const faults = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Fault>('none') },
    { weight: 1, arbitrary: fc.constantFrom<Fault>(...faultKinds) },
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
        const result = await sendBack({ sqs, queueUrl: 'dead', now: sqs.now }, tally, {
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

        const dead = sqs.deadBodies();
        for (const body of bodies) {
          expect(dead.includes(body) || sqs.queue.includes(body)).toBe(true);
          if (!isSelected(body))
            expect([dead.includes(body), sqs.queue.includes(body)]).toEqual([true, false]);
        }
        // What the report says is true: sent and deleted, or perhaps in both queues.
        const inBoth = sqs.inBoth().length;
        const met = new Set(givenFaults.slice(0, sqs.calls.length));
        met.delete('none');
        const slept = [met.delete('sleepBefore'), met.delete('sleepAfter')].includes(true);
        if (result === 'ended') expect(tally.duplicates).toBeGreaterThanOrEqual(inBoth);
        if (result === 'ended' && !slept) expect(tally.duplicates).toBe(inBoth);
        expect(count - dead.length).toBeGreaterThanOrEqual(tally.redriven);

        if (met.size > 0 || slept) withFaults += 1;
        if (met.size > 0) return;
        // Nothing but sleep: no letter is sent twice, and none that was sent stays.
        expect(result).toBe('ended');
        expect(new Set(sqs.queue).size).toBe(sqs.queue.length);
        if (abort.signal.aborted) return;
        expect(dead.toSorted()).toEqual(bodies.filter((body) => !isSelected(body)).toSorted());
        expect(tally.duplicates).toBe(0);
        if (!slept) expect([...sqs.dead.keys()].filter((id) => sqs.isInFlight(id))).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
  expect(withFaults).toBeGreaterThan(50);
});
