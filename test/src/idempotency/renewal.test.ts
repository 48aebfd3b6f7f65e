import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyedWork } from '../../../src/idempotency/record.ts';
import { dynamoKeys } from '../../../src/idempotency/record.ts';
import { AlreadyRunningError } from '../../../src/runtime/once.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { startPlatform, type TestPlatform, tableName } from '../worker/platform.ts';

let platform: TestPlatform;
let client: DynamoDBClient;
beforeAll(async () => {
  platform = await startPlatform();
  await platform.createTable();
  client = new DynamoDBClient(platform.clientConfig);
});
afterAll(async () => {
  client.destroy();
  await platform.stop();
});

const once = (): KeyedWork => dynamoKeys('TestJob', '1d', { tableName, client });
const log = { warn: () => {} };

describe('the lease of a key', () => {
  test('is renewed while its work runs, so that nobody else begins', async () => {
    const ended = Promise.withResolvers<string>();
    const known = await leases();
    const work = once()('long', { leaseMs: 60_000, renewalMs: 800, log }, () => ended.promise);
    const first = await newLease(known);
    await until(async () => Date.now() > first.endsAt && (await endOf(first)) > Date.now() + 400);
    const other = once()('long', { leaseMs: 60_000, renewalMs: 800, log }, () => 'twice');
    await expect(other).rejects.toThrow(AlreadyRunningError);
    ended.resolve('done');
    expect(await work).toBe('done');
    expect(await once()('long', { leaseMs: 60_000, log }, () => 'twice')).toBe('done');
  });

  test('is free soon after its process has gone, not after all the time the work may take', async () => {
    const neverRenewed = new Promise(() => {});
    // As a crash leaves it: nobody renews, nobody ends.
    void once()('crashed', { leaseMs: 100, log }, () => neverRenewed);
    await sleep(300);
    expect(await once()('crashed', { leaseMs: 60_000, renewalMs: 400, log }, () => 'taken over')).toBe(
      'taken over',
    );
  });

  test('is not renewed beyond the time the work may take', async () => {
    void once()('hangs', { leaseMs: 500, renewalMs: 300, log }, () => new Promise(() => {}));
    await sleep(800);
    expect(await once()('hangs', { leaseMs: 60_000, log }, () => 'taken over')).toBe('taken over');
  });

  test('is known again by a run whose renewal was not answered', async () => {
    let dropped = 0;
    platform.engine.setFaults(({ service, action }) =>
      service === 'dynamodb' && action === 'UpdateItem' && dropped++ === 0
        ? { kind: 'dropAfter' }
        : undefined,
    );
    const ended = Promise.withResolvers<string>();
    const known = await leases();
    const work = once()('unanswered', { leaseMs: 60_000, renewalMs: 800, log }, () => ended.promise);
    const first = await newLease(known);
    await until(async () => (await endOf(first)) > first.endsAt + 800);
    platform.engine.setFaults(undefined);
    expect(dropped).toBeGreaterThan(1);
    ended.resolve('done');
    expect(await work).toBe('done');
  });

  test('frees the key of work that throws, renewed or not', async () => {
    const ended = Promise.withResolvers<string>();
    const known = await leases();
    const lease = { leaseMs: 60_000, renewalMs: 1600, log };
    const work = once()('throws', lease, () => ended.promise);
    const first = await newLease(known);
    await until(async () => (await endOf(first)) > first.endsAt);
    ended.reject(new TypeError('no'));
    await expect(work).rejects.toThrow('no');
    expect(await once()('throws', lease, () => 'second attempt')).toBe('second attempt');
  });

  test('is time to remember finished work in, renewed or not', async () => {
    const ended = Promise.withResolvers<string>();
    const known = await leases();
    const lease = { leaseMs: 60_000, renewalMs: 4000, log };
    let failures = 0;
    const work = dynamoKeys('TestJob', '1d', { tableName, client: failingAtTheEnd(() => failures++ < 2) });
    const first = work('unremembered', lease, () => ended.promise);
    const taken = await newLease(known);
    await until(async () => (await endOf(taken)) > taken.endsAt);
    ended.resolve('done');
    expect(await first).toBe('done');
    expect(await once()('unremembered', lease, () => 'twice')).toBe('done');
    expect(failures).toBe(3);
  });

  test('is left alone by a run that somebody else has taken over from', async () => {
    const warnings: string[] = [];
    const warning = { warn: (message: string) => void warnings.push(message) };
    const ended = Promise.withResolvers<string>();
    const known = await leases();
    const work = once()('taken', { leaseMs: 60_000, renewalMs: 400, log: warning }, () => ended.promise);
    const first = await newLease(known);
    await until(async () => (await endOf(first)) > first.endsAt);
    const theirs = first.endsAt + 1;
    await platform.engine.dynamo('UpdateItem', {
      TableName: tableName,
      Key: { id: { S: first.id } },
      UpdateExpression: 'SET in_progress_expiration = :theirs',
      ExpressionAttributeValues: { ':theirs': { N: String(theirs) } },
    });
    await until(() => warnings.length > 0);
    // Time for another renewal, which must not come.
    await sleep(400);
    expect(await endOf(first)).toBe(theirs);
    expect(warnings).toEqual(['the lease of its key was not renewed']);
    ended.resolve('done');
    await work;
  });
});

/** What would record the end fails, as long as it is told to. */
function failingAtTheEnd(fails: () => boolean): DynamoDBClient {
  const failing = new DynamoDBClient(platform.clientConfig);
  failing.middlewareStack.add(
    (next) => async (args) => {
      if (JSON.stringify(args.input).includes('COMPLETED') && fails())
        throw Object.assign(new Error('503'), { name: 'InternalServerError', $fault: 'server' });
      return next(args);
    },
    { step: 'initialize' },
  );
  return failing;
}

interface KeyLease {
  readonly id: string;
  /** Epoch ms. */
  readonly endsAt: number;
}

/** The leases of work that is under way. */
async function leases(): Promise<KeyLease[]> {
  const { Items = [] } = await platform.engine.dynamo('Scan', { TableName: tableName });
  return (Items as Record<string, { S: string; N: string }>[])
    .filter(({ status }) => status?.S === 'INPROGRESS')
    .map(({ id, in_progress_expiration: lease }) => ({ id: id?.S ?? '', endsAt: Number(lease?.N) }));
}

/** Waits for a lease beside those that were there before. */
async function newLease(known: readonly KeyLease[]): Promise<KeyLease> {
  const ids = new Set(known.map(({ id }) => id));
  for (;;) {
    const lease = (await leases()).find(({ id }) => !ids.has(id));
    if (lease !== undefined) return lease;
    await sleep(10);
  }
}

async function endOf({ id }: KeyLease): Promise<number> {
  return (await leases()).find((lease) => lease.id === id)?.endsAt ?? 0;
}
