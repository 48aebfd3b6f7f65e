import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NonRetryableError } from '../../../src/job/index.ts';
import type { JobState } from '../../../src/job/jobStatus.ts';
import type { StatusItem } from '../../../src/tracking/item.ts';
import { createStatusStore, type StatusStore } from '../../../src/tracking/store.ts';
import { TestClock } from './testClock.ts';
import { type Caller, startTestTable, type TestTable } from './testTable.ts';
import { delivery, firstSentAt, trackedBench } from './trackedFixture.ts';

let table: TestTable;
beforeAll(async () => {
  table = await startTestTable();
});
afterAll(() => table.close());

/** How a delivery goes; `crash` is its process dying. */
const fates = ['succeed', 'throw', 'give up', 'crash'] as const;

/** A message of the job (`message` 0 is the first, the later ones are its duplicates and redrives), delivered once. */
const deliveries = fc.array(
  fc.record({
    message: fc.nat({ max: 2 }),
    receiveCount: fc.integer({ min: 1, max: 4 }),
    fate: fc.constantFrom(...fates),
    isUnreadable: fc.nat({ max: 7 }).map((chance) => chance === 0),
    /** Whether DynamoDB is out of reach for it, when it begins and when it ends. */
    losesBegin: fc.nat({ max: 5 }).map((chance) => chance === 0),
    losesEnd: fc.nat({ max: 5 }).map((chance) => chance === 0),
  }),
  { minLength: 1, maxLength: 5 },
);

/** What happens next: the begin or the end of a delivery, someone who cancels, or time that passes. */
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.nat({ max: 4 }) },
    { weight: 1, arbitrary: fc.constant('cancel' as const) },
    { weight: 1, arbitrary: fc.constant('wait' as const) },
    { weight: 1, arbitrary: fc.constant('find dead' as const) },
  ),
  { minLength: 1, maxLength: 14 },
);

let lives = 0;

test('whatever order, duplication and loss of deliveries: no state goes back, and in the end there is an end', async () => {
  const seen = new Set<JobState>();
  await fc.assert(
    fc.asyncProperty(
      deliveries,
      steps,
      fc.boolean(),
      fc.boolean(),
      async (given, order, isQueued, tellsRefusals) => {
        table.tellsRefusals = tellsRefusals;
        const life = new Life(`life-${++lives}`, given);
        if (isQueued) await life.store.queue({ jobId: life.jobId, jobName: 'TestJob', owner: 'ida' });
        await life.check();
        for (const step of order) await life.step(step);
        await life.drain();
        seen.add(await life.reconcile());
      },
    ),
    { numRuns: 60 },
  );
  expect([...seen].sort()).toEqual(['cancelled', 'dead', 'succeeded']);
}, 60_000);

type Delivered = typeof deliveries extends fc.Arbitrary<(infer One)[]> ? One : never;

/** A job's life: its deliveries, and the record that must never go back. */
class Life {
  readonly jobId: string;
  readonly store: StatusStore;
  readonly #clock = new TestClock();
  readonly #waiting: Delivered[];
  readonly #running = new Map<number, RunningDelivery>();
  #before: StatusItem | undefined;

  constructor(jobId: string, given: Delivered[]) {
    this.jobId = jobId;
    this.#waiting = [...given];
    this.store = createStatusStore({
      tableName: table.tableName,
      client: table.client,
      now: this.#clock.now,
    });
  }

  async step(step: number | 'cancel' | 'wait' | 'find dead'): Promise<void> {
    if (step === 'cancel') await this.store.cancel(this.jobId);
    else if (step === 'find dead')
      await this.store.foundDead(this.jobId, { name: 'LostAttemptError', message: '' });
    else if (step === 'wait') await this.#clock.advance(5000);
    else if (this.#running.has(step)) await this.#end(step);
    else await this.#begin(step);
    await this.check();
  }

  /** All that still runs ends. */
  async drain(): Promise<void> {
    for (const index of [...this.#running.keys()]) {
      await this.#end(index);
      await this.check();
    }
  }

  /** SQS delivers what was not acknowledged until it is done or a dead letter, and the API finds that. */
  async reconcile(): Promise<JobState> {
    await this.#clock.advance(60_000);
    const status = await this.store.get(this.jobId);
    expect(status?.state).not.toBe('running');
    if (status === undefined || ends.includes(status.state)) return status?.state ?? 'succeeded';
    const last = lives % 2 === 0 ? { message: 9, receiveCount: 4 } : { message: 9, receiveCount: 1 };
    this.#waiting.push({ ...last, fate: 'succeed', losesBegin: false, losesEnd: false, isUnreadable: false });
    const index = this.#waiting.length - 1;
    await this.#begin(index);
    await this.#end(index);
    await this.check();
    const { state } = (await this.store.get(this.jobId)) ?? {};
    expect(ends).toContain(state);
    return state as JobState;
  }

  async #begin(index: number): Promise<void> {
    const given = this.#waiting[index];
    if (given === undefined) return;
    const state = this.#before?.state;
    const running = startDelivery(this.jobId, given, this.#clock);
    this.#running.set(index, running);
    await running.hasBegun;
    // A cancelled job never runs.
    if (state === 'cancelled' && !given.losesBegin) expect(running.runs).toBe(0);
  }

  async #end(index: number): Promise<void> {
    const running = this.#running.get(index);
    this.#running.delete(index);
    // SQS delivers no message twice with the same count, as a rule: so each of these is there once.
    delete this.#waiting[index];
    await running?.end();
  }

  async check(): Promise<void> {
    const [before, item] = [this.#before, await table.item(this.jobId)];
    this.#before = item;
    if (item === undefined) return expect(before).toBeUndefined();
    expect(item.history.at(-1)?.state).toBe(item.state);
    if (before === undefined) return;
    const born = ({ createdAt, listKey, owner }: StatusItem) => ({ createdAt, listKey, owner });
    expect(born(item)).toEqual(born(before));
    expect(item.history.slice(0, before.history.length)).toEqual(before.history);
    if (before.state === 'succeeded' || before.state === 'cancelled') return expect(item).toEqual(before);
    if (item.state !== before.state) {
      expect(item.state).not.toBe('queued');
      if (before.state === 'dead') expect(item.sequence > before.sequence).toBe(true);
    }
    if (item.state !== 'succeeded') expect(item.sequence >= before.sequence).toBe(true);
  }
}

const ends: readonly (JobState | undefined)[] = ['succeeded', 'dead', 'cancelled'];

interface RunningDelivery {
  /** Resolves when the job runs, or when it is certain that it does not. */
  readonly hasBegun: Promise<unknown>;
  readonly runs: number;
  end(): Promise<unknown>;
}

/** One delivery in a process of its own. */
function startDelivery(jobId: string, given: Delivered, clock: TestClock): RunningDelivery {
  const caller: Caller = { isCutOff: given.losesBegin };
  const { promise: ending, resolve, reject } = Promise.withResolvers<string>();
  const started = Promise.withResolvers<void>();
  let runs = 0;
  const bench = trackedBench(table, clock, {
    run: (_, { progress }) => {
      runs++;
      progress(0.5);
      started.resolve();
      return ending;
    },
  });
  const payload = given.isUnreadable ? '{' : '{}';
  const sentAt = firstSentAt + given.message * 60_000;
  const { receiveCount, fate } = given;
  const done = table.as(caller, () => bench.run([delivery(jobId, { receiveCount, sentAt, payload })]));
  return {
    hasBegun: Promise.race([started.promise, done]),
    get runs() {
      return runs;
    },
    end() {
      caller.isCutOff = given.losesEnd || fate === 'crash';
      if (fate === 'throw') reject(new Error('thrown'));
      else if (fate === 'give up') reject(new NonRetryableError('never'));
      else resolve('done');
      ending.catch(() => {});
      return done;
    },
  };
}
