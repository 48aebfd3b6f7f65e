import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod/mini';
import { NonRetryableError, RetryAfter } from '../../../src/job/index.ts';
import { envelope, record, refuseDelays, reported, testBench } from './batchFixture.ts';

const behaviours = ['succeed', 'throw', 'reject', 'retry later', 'never again', 'hang', 'late'] as const;

/** What a message may hold: a behaviour the job follows, or something no publisher here would send. */
const body = fc.oneof(
  fc.constantFrom(...behaviours).map((behaviour) => envelope(JSON.stringify({ behaviour }))),
  fc.constantFrom(...behaviours).map((behaviour) => JSON.stringify({ behaviour })),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary' }),
  fc.jsonValue().map((value) => envelope(envelope(JSON.stringify(value)))),
);

const delivery = fc.record({ body, receiveCount: fc.integer({ min: 1, max: 5 }) });

test('every record of any batch is either acknowledged or reported, exactly once, and dead ones are sent first', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(delivery, { maxLength: 12 }),
      fc.boolean(),
      fc.boolean(),
      async (deliveries, sendsFail, delaysFail) => {
        const succeeded = new Set<string>();
        const { run, deadLetters, lines } = testBench(
          {
            payload: z.object({ behaviour: z.enum(behaviours) }),
            maxAttempts: 3,
            run: ({ behaviour }, { jobId, signal }) => behave(behaviour, () => succeeded.add(jobId), signal),
          },
          {
            ...(sendsFail ? { sendDeadLetter: () => Promise.reject(new Error('down')) } : {}),
            ...(delaysFail ? { delay: refuseDelays } : {}),
          },
        );
        const records = deliveries.map(({ body, receiveCount }) => record(body, { receiveCount }));
        const failed = reported(await run(records, 520));
        expect(new Set(failed).size).toBe(failed.length);
        expect(failed.every((id) => records.some(({ messageId }) => messageId === id))).toBe(true);
        const logged = lines.map(({ fields }) => fields.messageId);
        expect(logged.toSorted()).toEqual(records.map(({ messageId }) => messageId).toSorted());
        const acknowledged = records.length - failed.length;
        const finished = lines.filter(({ message }) => message === 'succeeded').length;
        expect(acknowledged).toBe(finished + deadLetters.length);
      },
    ),
    { numRuns: 60 },
  );
});

function behave(behaviour: (typeof behaviours)[number], done: () => void, signal: AbortSignal): unknown {
  switch (behaviour) {
    case 'succeed':
      return done();
    case 'throw':
      throw new Error('thrown');
    case 'reject':
      return Promise.reject(new Error('rejected'));
    case 'retry later':
      throw new RetryAfter('1m');
    case 'never again':
      throw new NonRetryableError('never');
    case 'hang':
      return new Promise(() => undefined);
    case 'late':
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(done())));
  }
}
