import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dynamoOnce } from '../../../src/runtime/dynamoOnce.ts';
import { AlreadyRunningError, type Once } from '../../../src/runtime/once.ts';
import { startPlatform, type TestPlatform, tableName } from './platform.ts';

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

const once = (): Once => dynamoOnce('TestJob', { for: '1d' }, { tableName, client });
const log = { warn: () => {} };

describe('the lease of a key', () => {
  test('is renewed while its work runs, so that nobody else begins', async () => {
    const work = once()('long', { leaseMs: 60_000, renewalMs: 400, log }, () => sleep(1500, 'done'));
    await sleep(1000);
    const other = once()('long', { leaseMs: 60_000, renewalMs: 400, log }, () => 'twice');
    await expect(other).rejects.toThrow(AlreadyRunningError);
    expect(await work).toBe('done');
    expect(await once()('long', { leaseMs: 60_000, log }, () => 'twice')).toBe('done');
  });

  test('is free soon after its process has gone, not after all the time the work may take', async () => {
    const neverRenewed = new Promise(() => {});
    // As a crash leaves it: nobody renews, nobody ends.
    void once()('crashed', { leaseMs: 300, log }, () => neverRenewed);
    await sleep(600);
    expect(await once()('crashed', { leaseMs: 60_000, renewalMs: 400, log }, () => 'taken over')).toBe(
      'taken over',
    );
  });

  test('is not renewed beyond the time the work may take', async () => {
    void once()('hangs', { leaseMs: 900, renewalMs: 400, log }, () => new Promise(() => {}));
    await sleep(1600);
    expect(await once()('hangs', { leaseMs: 60_000, log }, () => 'taken over')).toBe('taken over');
  });

  test('is left alone by a run that somebody else has taken over from', async () => {
    const warnings: string[] = [];
    const warning = { warn: (message: string) => void warnings.push(message) };
    const taken = { leaseMs: 60_000, renewalMs: 400, log: warning };
    const work = once()('taken', taken, () => sleep(1500, 'done'));
    await sleep(100);
    const [item] = await leases('RUNNING_OUT');
    await platform.engine.dynamo('UpdateItem', {
      TableName: tableName,
      Key: item?.Key,
      UpdateExpression: 'SET in_progress_expiration = :theirs',
      ExpressionAttributeValues: { ':theirs': { N: theirs } },
    });
    await sleep(900);
    expect((await leases('ALL')).map(({ endsAt }) => endsAt)).toContain(theirs);
    expect(warnings).toEqual(['the lease of its key was not renewed']);
    await work;
  });
});

/** Ends before the next renewal would. */
const theirs = String(Date.now() + 2);

/** The leases of work that is under way; `RUNNING_OUT` are those that end within a second. */
async function leases(which: 'ALL' | 'RUNNING_OUT') {
  const { Items = [] } = await platform.engine.dynamo('Scan', { TableName: tableName });
  return (Items as Record<string, { S: string; N: string }>[])
    .filter(({ status }) => status?.S === 'INPROGRESS')
    .map(({ id, in_progress_expiration: lease }) => ({ Key: { id }, endsAt: lease?.N ?? '' }))
    .filter(({ endsAt }) => which === 'ALL' || isWithinASecond(Number(endsAt) - Date.now()));
}

function isWithinASecond(ms: number): boolean {
  return ms > 0 && ms < 1000;
}
