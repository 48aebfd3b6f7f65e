import { expect, test } from '@jest/globals';
import { Accounts } from '../../bench/soak/accounts.ts';
import { type Behaviour, behaviours } from '../../bench/soak/behaviours.ts';

const indexOf = (matches: (behaviour: Behaviour) => boolean): number => behaviours.findIndex(matches);
const succeeds = indexOf(({ job, fate }) => job === 'SteadyJob' && fate === 'succeeds');
const throws = indexOf(({ act, fate }) => act === 'throw' && typeof fate === 'object');
const once = indexOf(({ job }) => job === 'OnceJob');
const crashes = indexOf(({ job, fate }) => job === 'CrashJob' && typeof fate === 'object');
const neighbour = indexOf(({ fate }) => fate === 'succeeds, perhaps dead too');

/** Books in which all went as promised. */
function goodAccounts(): Accounts {
  const accounts = new Accounts(behaviours.length, 1);
  for (const [index, { fate, job }] of behaviours.entries()) {
    accounts.notePublished(index);
    if (job === 'CrashJob') accounts.noteDeadBatch(job);
    if (typeof fate === 'object') {
      accounts.noteDeath(index, { name: fate.diesOf[0], attempts: fate.attempts });
    } else {
      accounts.noteEffect(index);
    }
  }
  return accounts;
}

test('a soak in which every job got its fate has nothing to say', () => {
  const accounts = goodAccounts();
  expect(accounts.failures()).toEqual([]);
  const counts = accounts.counts(new Set());
  expect(counts).toMatchObject({ published: behaviours.length, duplicates: 0, missing: 0, stuck: 0 });
  expect(counts.succeeded + counts.dead).toBe(behaviours.length);
  expect(accounts.settled).toBe(behaviours.length);
});

test('what has no fate is stuck when it is in a queue, and missing when it is not', () => {
  const accounts = new Accounts(2, 1);
  accounts.notePublished(0);
  accounts.notePublished(1);
  expect(accounts.counts(new Set([1]))).toMatchObject({ missing: 1, stuck: 1, succeeded: 0, dead: 0 });
  expect(accounts.failures()).toHaveLength(2);
});

test('a job that was never published is a failure', () => {
  const accounts = new Accounts(1, 1);
  expect(accounts.counts(new Set()).published).toBe(0);
  expect(accounts.failures()).toEqual([expect.stringContaining('was never published')]);
});

test('a second effect is a duplicate, and of an idempotent job a failure unless the runtime said it may come', () => {
  const accounts = goodAccounts();
  accounts.noteEffect(succeeds);
  expect([accounts.failures(), accounts.counts(new Set()).duplicates]).toEqual([[], 1]);
  accounts.noteEffect(once);
  expect(accounts.failures()).toEqual([expect.stringContaining('had 2 effects, being idempotent')]);
  accounts.noteExcuse(once);
  expect([accounts.failures(), accounts.rerun()]).toEqual([[], [once]]);
});

test('a job that should be dead must not have its effect', () => {
  const accounts = goodAccounts();
  accounts.noteEffect(throws);
  expect(accounts.failures()).toEqual([expect.stringContaining('which it never should')]);
});

test.each([
  ['of another error', { name: 'RangeError', attempts: 4 }],
  ['after too few attempts', { name: 'TypeError', attempts: 2 }],
  ['without a reason', { name: undefined, attempts: undefined }],
  ['of a lost attempt', { name: 'LostAttemptError', attempts: 4 }],
])('a job that dies %s than it should is a failure', (_case, death) => {
  const accounts = goodAccounts();
  accounts.noteDeath(throws, death);
  expect(accounts.failures()).toEqual([expect.stringContaining('died of')]);
});

test('the backstops are in order where the runtime could not send, or where a batch died', () => {
  const accounts = goodAccounts();
  accounts.noteExcuse(throws);
  accounts.noteDeath(throws, { name: 'LostAttemptError', attempts: 4 });
  accounts.noteDeath(crashes, { name: undefined, attempts: undefined });
  accounts.noteDeath(neighbour, { name: 'LostAttemptError', attempts: 3 });
  expect(accounts.failures()).toEqual([]);
});

test('a job that should succeed must not be dead as well', () => {
  const accounts = goodAccounts();
  accounts.noteDeath(succeeds, { name: 'LostAttemptError', attempts: 4 });
  accounts.noteDeath(neighbour, { name: 'TypeError', attempts: 1 });
  expect(accounts.failures()).toHaveLength(2);
});
