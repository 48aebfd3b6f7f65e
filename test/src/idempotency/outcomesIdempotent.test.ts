import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { keyedOnce } from '../../../src/idempotency/once.ts';
import type { KeyedWork } from '../../../src/idempotency/record.ts';
import { dynamoKeys } from '../../../src/idempotency/record.ts';
import { AlreadyRunningError } from '../../../src/runtime/once.ts';
import {
  type Act,
  eachCrash,
  fakeDeadlines,
  type LifeOptions,
  lost,
  type Process,
  realDeadlines,
} from '../runtime/crashBench.ts';
import { startTestTable, type TestTable } from './testTable.ts';

beforeEach(fakeDeadlines);
afterEach(realDeadlines);

describe('an idempotent job', () => {
  let table: TestTable;
  let jobs = 0;

  beforeAll(async () => {
    // The clock moves here, which the SDK would take for a reason to try again.
    table = await startTestTable({ maxAttempts: 1 });
  });
  afterAll(() => table.close());

  /** Each life has a memory of its own in the table; a call to DynamoDB is a step before and one after. */
  function idempotent(acts: Act[], maxAttempts = 3, copies = 1): () => LifeOptions {
    return () => {
      const jobName = `Job${++jobs}`;
      return {
        acts,
        maxAttempts,
        onRedelivery: () => jest.setSystemTime(Date.now() + 90_000),
        copies,
        once: (step, remembered) => {
          const keyed: KeyedWork = (key, lease, work) =>
            dynamoKeys(jobName, '1d', { ...table, client: watched(step, () => remembered(key)) })(
              key,
              lease,
              work,
            );
          return keyedOnce(keyed, {});
        },
      };
    };
  }

  function watched(process: Process, remembered: () => void): DynamoDBClient {
    return watchedSend(table.client, (command, send) => {
      const name = command.constructor.name.replace('Command', '');
      return process.calls(name, async () => {
        const output = await send();
        if (name === 'UpdateItem') remembered();
        return output;
      });
    });
  }

  test('has its effect once, unless its process crashed after that and before it was remembered', async () => {
    const lives = await eachCrash(idempotent(['succeed']));
    expect(lives.map(({ between, life }) => [between, life.messages[0]?.effects])).toEqual([
      ['PutItem is to be sent | PutItem was done', 1],
      ['PutItem was done | running m0', 1],
      ['running m0 | had the effect of m0', 1],
      ['had the effect of m0 | UpdateItem is to be sent', 2],
      ['UpdateItem is to be sent | UpdateItem was done', 2],
      ['UpdateItem was done | logged succeeded', 1],
      ['logged succeeded | reported', 1],
      ['reported | acknowledged m0', 1],
      ['acknowledged m0 | the end', 1],
    ]);
    for (const { between, life } of lives) {
      expect([between, lost(life), life.messages[0]?.letters]).toEqual([between, [], []]);
    }
  });

  test('beside others, too', async () => {
    for (const { between, life } of await eachCrash(
      idempotent(['succeed', 'throw once', 'refuse', 'throw']),
    )) {
      expect([between, lost(life)]).toEqual([between, []]);
      for (const { act, effects, atCrash, letters } of life.messages) {
        const succeeds = act === 'succeed' || act === 'throw once';
        const expected = !succeeds ? 0 : atCrash?.remembered ? 1 : (atCrash?.effects ?? 0) + 1;
        expect([between, act, effects]).toEqual([between, act, expected]);
        expect([between, act, letters.length > 0]).toEqual([between, act, !succeeds]);
      }
    }
  });

  test('that was remembered, but whose last attempt crashed, is acknowledged and not dead', async () => {
    for (const { between, life } of await eachCrash(idempotent(['succeed'], 1))) {
      const [message] = life.messages;
      const letters = message?.atCrash?.remembered ? [] : ['LostAttemptError'];
      expect([between, lost(life), message?.letters]).toEqual([between, [], letters]);
      expect(message?.effects).toBeLessThanOrEqual(1);
    }
  });

  test('published twice, at the same time, has its effect once, and neither message burns attempts by waiting', async () => {
    const lives = await eachCrash(idempotent(['succeed after a copy was sent', 'throw once'], 3, 2));
    const places = lives.map(({ between }) => between).join('; ');
    expect(places).toContain('; a copy is to be sent | a copy was sent; a copy was sent | ');
    for (const { between, life } of lives) {
      expect([between, lost(life)]).toEqual([between, []]);
      for (const { act, effects, atCrash, letters } of life.messages) {
        const again = atCrash && atCrash.effects > 0 && !atCrash.remembered ? 1 : 0;
        expect([between, act, effects]).toEqual([between, act, 1 + again]);
        expect([between, act, letters]).toEqual([between, act, []]);
      }
    }
  });

  test('is not done twice when a failed run frees its key late, after another has taken over', async () => {
    const doneWith = (leaseMs: number, work: () => unknown): Promise<unknown> =>
      dynamoKeys('Late', '1d', table)('key', { leaseMs, log: console }, work);
    const [slow, second] = [Promise.withResolvers<never>(), Promise.withResolvers<string>()];
    const [slowRuns, secondRuns] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];

    const first = doneWith(1_000, () => {
      slowRuns.resolve();
      return slow.promise;
    });
    await slowRuns.promise;
    jest.setSystemTime(Date.now() + 2_000); // its lease is over
    const takenOver = doneWith(60_000, () => {
      secondRuns.resolve();
      return second.promise;
    });
    await secondRuns.promise;
    slow.reject(new Error('too late'));
    await expect(first).rejects.toThrow('too late');

    await expect(doneWith(60_000, () => 'a third time')).rejects.toBeInstanceOf(AlreadyRunningError);
    second.resolve('done');
    expect(await takenOver).toBe('done');
    expect(await doneWith(60_000, () => 'again')).toBe('done');
  });

  test.each([
    ['fails for longer than the SDK tries', new Error('socket hang up'), 3, ['remembered']],
    ['refuses', Object.assign(new Error('no'), { name: 'AccessDeniedException', $fault: 'client' }), 1, []],
  ])('is remembered when DynamoDB %s, as far as that helps', async (name, error, failures, remembered) => {
    let left = failures;
    const warnings: string[] = [];
    const failing = watchedSend(table.client, async (command, send) => {
      if (command.constructor.name === 'UpdateItemCommand' && left-- > 0) throw error;
      return send();
    });
    const lease = { leaseMs: 60_000, log: { warn: (text: string) => void warnings.push(text) } };
    const once = dynamoKeys('Unsteady', '1d', { ...table, client: failing });
    expect(await once(name, lease, () => 'done')).toBe('done');
    expect(warnings).toHaveLength(1 - remembered.length);
    const again = once(name, lease, () => 'twice');
    if (remembered.length > 0) expect(await again).toBe('done');
    else await expect(again).rejects.toBeInstanceOf(AlreadyRunningError);
  });
});

type Command = Parameters<DynamoDBClient['send']>[0];

/** The client with something around each of its calls. */
function watchedSend(
  client: DynamoDBClient,
  around: (command: Command, send: () => Promise<unknown>) => Promise<unknown>,
): DynamoDBClient {
  const send = (command: Command) => around(command, () => client.send(command));
  return new Proxy(client, { get: (target, key) => (key === 'send' ? send : Reflect.get(target, key)) });
}
