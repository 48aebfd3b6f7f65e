import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { type DeadLetterReason, deadLetter } from '../../../src/message/deadLetterReason.ts';
import { readMessage } from '../../../src/message/received.ts';
import { SqsConnection } from '../../../src/worker/connection.ts';
import { sqsWorkerQueue } from '../../../src/worker/queue.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Seen {
  readonly accessKeyId: string | undefined;
  readonly isSdk: boolean;
  readonly signedAt: string;
  readonly body: unknown;
}

type Answer = (request: Seen, count: number) => { status: number; body: object; date?: Date };

/** SQS as far as HTTP goes. */
async function sqsOf(answer: Answer): Promise<{ queueUrl: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const call = { ...seenIn(request), body: JSON.parse(await text(request)) };
    seen.push(call);
    const { status, body, date } = answer(call, seen.length);
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      date: (date ?? new Date()).toUTCString(),
    };
    response.writeHead(status, headers).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { queueUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/1/queue`, seen };
}

function seenIn({ headers }: IncomingMessage): Omit<Seen, 'body'> {
  const [, accessKeyId] = /Credential=([^/]+)/.exec(headers.authorization ?? '') ?? [];
  return {
    accessKeyId,
    isSdk: headers['user-agent'] !== undefined,
    signedAt: String(headers['x-amz-date']),
  };
}

function connect(queueUrl: string, config = {}): SqsConnection {
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const connection = new SqsConnection(queueUrl, {
    region: 'eu-west-1',
    endpoint: new URL(queueUrl).origin,
    credentials,
    ...config,
  });
  cleanups.push(() => connection.close());
  return connection;
}

const refusal = (code: string) => ({ __type: `com.amazonaws.sqs#${code}`, message: 'no' });

describe('a connection to SQS', () => {
  test('asks directly, and once', async () => {
    const { queueUrl, seen } = await sqsOf(() => ({ status: 200, body: { Messages: [{ MessageId: 'a' }] } }));
    const input = { QueueUrl: queueUrl, MaxNumberOfMessages: 3 };
    expect(await connect(queueUrl).receive(input)).toEqual({ Messages: [{ MessageId: 'a' }] });
    expect(seen).toEqual([expect.objectContaining({ isSdk: false, accessKeyId: 'key', body: input })]);
  });

  test('asks again through the SDK when that failed, and has its errors', async () => {
    const { queueUrl, seen } = await sqsOf(() => ({ status: 400, body: refusal('QueueDoesNotExist') }));
    const failed = connect(queueUrl).receive({ QueueUrl: queueUrl });
    await expect(failed).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
    expect(seen.map(({ isSdk }) => isSdk)).toEqual([false, true]);
  });

  test('signs by SQS’s clock where this machine’s is wrong', async () => {
    const ahead = new Date(Date.now() + 3600_000);
    const isRight = ({ signedAt }: Seen) => signedAt.slice(0, 11) === compact(ahead).slice(0, 11);
    const { queueUrl, seen } = await sqsOf((request) =>
      isRight(request)
        ? { status: 200, body: {}, date: ahead }
        : { status: 403, body: refusal('RequestTimeTooSkewed'), date: ahead },
    );
    const connection = connect(queueUrl);
    await connection.receive({ QueueUrl: queueUrl });
    await connection.receive({ QueueUrl: queueUrl });
    expect(seen.at(-1)).toMatchObject({ isSdk: false });
    expect(seen.map(isRight)).toEqual([false, false, true, true]);
  });

  test('finds credentials that have changed in their file', async () => {
    const { queueUrl } = await sqsOf(({ accessKeyId }) =>
      accessKeyId === 'new' ? { status: 200, body: {} } : { status: 403, body: refusal('ExpiredToken') },
    );
    const directory = await mkdtemp(join(tmpdir(), 'worker-credentials-'));
    cleanups.push(() => rm(directory, { recursive: true }));
    const file = join(directory, 'credentials');
    const write = (key: string) =>
      writeFile(file, `[default]\naws_access_key_id=${key}\naws_secret_access_key=secret\n`);
    setEnvironment({
      AWS_SHARED_CREDENTIALS_FILE: file,
      AWS_CONFIG_FILE: join(directory, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_PROFILE: undefined,
    });
    await write('old');
    const connection = connect(queueUrl, { credentials: undefined });
    await expect(connection.receive({ QueueUrl: queueUrl })).rejects.toMatchObject({ name: 'ExpiredToken' });
    await write('new');
    connection.renewCredentials();
    expect(await connection.receive({ QueueUrl: queueUrl })).toBeDefined();
  });
});

function compact(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function setEnvironment(variables: Record<string, string | undefined>): void {
  const before = { ...process.env };
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  cleanups.push(() => {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
}

test('a worker receives its message’s group, which its dead letter keeps', async () => {
  const { queueUrl } = await sqsOf(({ body }) => {
    const asked = (body as { MessageSystemAttributeNames: string[] }).MessageSystemAttributeNames;
    const Attributes = asked.includes('MessageGroupId') ? { MessageGroupId: 'tenant-7' } : {};
    return {
      status: 200,
      body: { Messages: [{ MessageId: 'm', ReceiptHandle: 'r', Body: '1', Attributes }] },
    };
  });
  const queue = sqsWorkerQueue({
    queueUrl,
    deadLetterQueueUrl: queueUrl,
    visibilityTimeoutSeconds: 30,
    clientConfig: {
      region: 'eu-west-1',
      endpoint: new URL(queueUrl).origin,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    },
  });
  cleanups.push(() => queue.close());
  const [record] = await queue.receive(1, 0);
  const letter = deadLetter(readMessage(record as SQSRecord), { name: 'Error' } as DeadLetterReason);
  expect(letter.MessageGroupId).toBe('tenant-7');
});
