import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dynamoKeys } from '../../../src/idempotency/record.ts';
import { AlreadyRunningError } from '../../../src/runtime/once.ts';
import { startTestTable, type TestTable } from './testTable.ts';

let table: TestTable;
beforeAll(async () => {
  table = await startTestTable();
});
afterAll(() => table.close());

const warnings: string[] = [];
const lease = { leaseMs: 60_000, log: { warn: (message: string) => void warnings.push(message) } };
const once = (jobName = 'TestJob') => dynamoKeys(jobName, '1d', table);

describe('work with a key', () => {
  test('is done once, and its stored result is given to whoever comes again', async () => {
    let runs = 0;
    const work = () => ({ run: ++runs });
    expect(await once()('a', lease, work)).toEqual({ run: 1 });
    expect(await once()('a', lease, work)).toEqual({ run: 1 });
  });

  test('is another job’s own matter', async () => {
    let runs = 0;
    await once('JobA')('same', lease, () => ++runs);
    await once('JobB')('same', lease, () => ++runs);
    expect(runs).toBe(2);
  });

  test.each([
    ['undefined', undefined],
    ['a BigInt', 1n],
    ['half a megabyte', 'x'.repeat(500_000)],
    ['a number that DynamoDB has not', { at: 1_764_000_000_000_000_000 }],
    ['a number too small for DynamoDB', { p: 1e-200 }],
    ['a list that takes more room than its JSON', Array(140_000).fill(1)],
    ['more levels than DynamoDB has', JSON.parse(`${'['.repeat(60)}1${']'.repeat(60)}`)],
  ])('may result in %s', async (name, result) => {
    expect(await once()(name, lease, () => result)).toBe(result);
    const again = await once()(name, lease, () => 'again');
    const json = JSON.stringify(typeof result === 'bigint' ? undefined : result);
    expect(again).toEqual(json === undefined || json.length > 300_000 ? undefined : result);
    expect(warnings).toEqual([]);
  });

  test('frees its key when it throws, and throws the very same', async () => {
    const error = new Error('no');
    await expect(once()('b', lease, () => Promise.reject(error))).rejects.toBe(error);
    await expect(once()('b', lease, () => Promise.reject('text'))).rejects.toBe('text');
    expect(await once()('b', lease, () => 'done')).toBe('done');
  });

  test('that is under way elsewhere says when to ask again', async () => {
    let finish = (_result: string): void => undefined;
    const started = Promise.withResolvers<void>();
    const first = once()('c', lease, () => {
      started.resolve();
      return new Promise<string>((resolve) => {
        finish = resolve;
      });
    });
    await started.promise;
    const refused = await once()('c', lease, () => 'twice').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AlreadyRunningError);
    expect((refused as AlreadyRunningError).leaseSeconds).toBeGreaterThan(55);
    expect((refused as AlreadyRunningError).leaseSeconds).toBeLessThanOrEqual(61);
    finish('done');
    expect(await first).toBe('done');
  });

  test('is taken over when the lease of a crashed attempt has ended', async () => {
    const never = once()('d', { ...lease, leaseMs: 1 }, () => new Promise(() => undefined));
    void never;
    const takeOver = async (): Promise<unknown> => {
      for (;;) {
        const result = await once()('d', lease, () => 'taken over').catch((error: unknown) => error);
        if (!(result instanceof AlreadyRunningError) && !(result instanceof Error)) return result;
      }
    };
    expect(await takeOver()).toBe('taken over');
  });
});
