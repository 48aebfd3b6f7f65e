import { Writable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApiHandler, createApiHandler } from '../../../src/api/index.ts';
import { createStatusStore } from '../../../src/tracking/store.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { testJobs } from './apiFixture.ts';
import { type ApiPlatform, filesBucket, startApiPlatform } from './apiPlatform.ts';

/** The real handler on a real engine, called with the events of API Gateway's payload format 2.0. */
let platform: ApiPlatform;
let behindUrl: ApiHandler;
let behindHttpApi: ApiHandler;
const before = { ...process.env };

beforeAll(async () => {
  platform = await startApiPlatform();
  Object.assign(globalThis, { awslambda });
  Object.assign(process.env, platform.environment, { JOB_API_AUTH: 'iam', JOB_API_STREAMS: 'true' });
  behindUrl = createApiHandler(testJobs);
  Object.assign(process.env, { JOB_API_AUTH: 'jwt', JOB_API_STREAMS: 'false' });
  behindHttpApi = createApiHandler(testJobs);
});

afterAll(async () => {
  process.env = before;
  await platform.stop();
});

describe('behind a function URL that streams', () => {
  test('a job is scheduled, and its message arrives', async () => {
    const answer = await streamed('POST', '/jobs/GreetingJob', { body: { friendName: 'Hank' } });
    expect(answer.statusCode).toBe(202);
    const { jobId } = JSON.parse(answer.body);
    expect(answer.headers.location).toBe(`/jobs/${jobId}`);
    const [message] = await messages('jobs-dev-GreetingJob');
    const { Message, MessageAttributes } = JSON.parse(message?.body ?? '');
    expect(JSON.parse(Message)).toEqual({ friendName: 'Hank' });
    expect(MessageAttributes.jobId.Value).toBe(jobId);
    expect(JSON.parse((await streamed('GET', `/jobs/${jobId}`)).body)).toMatchObject({ state: 'queued' });
  });

  test('a job is followed to its end', async () => {
    const { body } = await streamed('POST', '/jobs/AnyJob', { body: [] });
    const { jobId } = JSON.parse(body);
    const following = streamed('GET', `/jobs/${jobId}/events`);
    await streamed('DELETE', `/jobs/${jobId}`);
    const { statusCode, headers, body: events } = await following;
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(headers).not.toHaveProperty('transfer-encoding');
    expect(events).toContain('event: end');
  });

  test.each(['', 'é'])('the Idempotency-Key "%s" is refused', async (key) => {
    const headers = { 'idempotency-key': key };
    const answer = await streamed('POST', '/jobs/AnyJob', { body: [], headers });
    expect([answer.statusCode, JSON.parse(answer.body).type]).toEqual([
      400,
      '/problems/malformed-idempotency-key',
    ]);
  });

  test('a payload above SNS’s 256 KiB travels through S3', async () => {
    const body = { friendName: 'Hank'.repeat(100_000) };
    const answer = await streamed('POST', '/jobs/GreetingJob', { body, base64: true });
    expect(answer.statusCode).toBe(202);
    const { jobId } = JSON.parse(answer.body);
    await until(async () =>
      (await messages('jobs-dev-GreetingJob')).some(
        ({ body }) => body.includes('PayloadS3Pointer') && body.includes(jobId),
      ),
    );
  });

  test('a job whose function never loaded is found among its dead letters, and its reason is told', async () => {
    const tableName = platform.environment.JOB_STATUS_TABLE ?? '';
    const longAgo = createStatusStore({ tableName, now: () => Date.now() - 600_000 });
    const deadLetters = 'jobs-dev-GreetingJob-dead-letters';
    const QueueUrl = platform.engine.queueUrl(deadLetters);
    const died = new Map([
      [1, Date.now()],
      [2, Date.now() - 3_600_000],
    ]);
    for (let index = 0; index < 12; index += 1) {
      const jobId = `lost-${index}`;
      await longAgo.queue({ jobId, jobName: 'GreetingJob' });
      const diedAtMs = died.get(index);
      const MessageAttributes = {
        jobId: { DataType: 'String', StringValue: jobId },
        ...(diedAtMs && { deadLetterReason: reasonAttribute(diedAtMs) }),
      };
      await platform.engine.sqs('SendMessage', { QueueUrl, MessageBody: '{}', MessageAttributes });
    }
    const take = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
    for (let receive = 0; receive < 3; receive += 1) await platform.engine.sqs('ReceiveMessage', take);
    const status = async (jobId: string) => JSON.parse((await streamed('GET', `/jobs/${jobId}`)).body);
    const lost = { state: 'dead', reason: { name: 'LostAttemptError' } };
    expect(await status('lost-0')).toMatchObject(lost);
    expect(await status('lost-11')).toMatchObject({ state: 'dead' });
    expect(await status('lost-1')).toMatchObject({
      state: 'dead',
      reason: { name: 'TypeError', message: 'no' },
    });
    expect(await status('lost-2')).toMatchObject(lost); // its reason is an earlier death's
    const { visible = [], notVisible = [] } = (await platform.engine.inspectQueue(deadLetters)) ?? {};
    expect(visible.length + notVisible.length).toBe(12);
    expect(Math.max(...[...visible, ...notVisible].map(({ receiveCount }) => receiveCount))).toBe(4);
  });
});

function reasonAttribute(diedAtMs: number) {
  const lastFailureAt = new Date(diedAtMs).toISOString();
  const reason = { name: 'TypeError', message: 'no', attempts: 1, lastFailureAt };
  return { DataType: 'String', StringValue: JSON.stringify(reason) };
}

describe('behind an HTTP API', () => {
  const ida = { jwt: { claims: { sub: 'ida' } } };

  test('a job belongs to the token’s subject', async () => {
    const made = await buffered('POST', '/jobs/AnyJob', { body: [], authorizer: ida });
    const { jobId, links } = JSON.parse(made.body);
    expect(JSON.parse((await buffered('GET', links.self, { authorizer: ida })).body)).toMatchObject({
      owner: 'ida',
    });
    const hank = { jwt: { claims: { sub: 'hank' } } };
    expect((await buffered('GET', links.self, { authorizer: hank })).statusCode).toBe(404);
    const list = await buffered('GET', '/jobs', { query: 'jobName=AnyJob', authorizer: ida });
    expect(JSON.parse(list.body).jobs).toMatchObject([{ jobId }]);
    const madeUp = Buffer.from('["x","y"]').toString('base64url');
    for (const cursor of ['nonsense', madeUp]) {
      const query = `jobName=AnyJob&cursor=${cursor}`;
      const { statusCode, body } = await buffered('GET', '/jobs', { query, authorizer: ida });
      expect([200, 400]).toContain(statusCode);
      if (statusCode === 200)
        expect(JSON.parse(body).jobs.every(({ owner }: { owner: string }) => owner === 'ida')).toBe(true);
    }
  });

  test('events are the state of the moment', async () => {
    const made = await buffered('POST', '/jobs/AnyJob', { body: [], authorizer: ida });
    const { links } = JSON.parse(made.body);
    const { statusCode, body, isBase64Encoded } = await buffered('GET', links.events, { authorizer: ida });
    const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
    expect(statusCode).toBe(200);
    expect(text).toMatch(/^retry: 1000\n\nevent: status\nid: .+\ndata: .+\n\n$/);
  });

  test('without a token nobody gets in', async () => {
    const { statusCode, headers } = await buffered('POST', '/jobs/AnyJob', { body: [], authorizer: {} });
    expect([statusCode, headers['content-type']]).toEqual([401, 'application/problem+json']);
  });

  test('an upload is a form for S3, which takes the file', async () => {
    const file = { name: ` Bücher ${'$'}{filename}.txt`, contentType: 'text/plain', bytes: 5 };
    const made = await buffered('POST', '/jobs/DocumentJob/uploads', { body: file, authorizer: ida });
    expect(made.statusCode).toBe(201);
    const { upload, url, fields, expiresAt } = JSON.parse(made.body);
    expect(upload).toMatch(/^uploads\/DocumentJob\/[\da-f-]{36}\/Bücher -\{filename\}\.txt$/);
    expect(fields).toMatchObject({ key: upload, 'Content-Type': 'text/plain' });
    const { conditions } = JSON.parse(Buffer.from(fields.Policy, 'base64').toString());
    expect(conditions).toEqual(
      expect.arrayContaining([
        ['content-length-range', 1, 5],
        { key: upload },
        { 'Content-Type': 'text/plain' },
        { bucket: filesBucket },
      ]),
    );
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 14 * 60_000);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value as string);
    form.append('file', new Blob(['Hello'], { type: 'text/plain' }), 'any.txt');
    expect((await fetch(url, { method: 'POST', body: form })).ok).toBe(true);
  });

  test('a result that is a file is downloaded under its name, until it has expired', async () => {
    const made = await buffered('POST', '/jobs/AnyJob', { body: [], authorizer: ida });
    const { jobId, links } = JSON.parse(made.body);
    const key = `results/AnyJob/${jobId}/Bericht.txt`;
    const saved = { file: { key, name: 'Bericht Ü.txt', contentType: 'text/plain', bytes: 2 } };
    await platform.engine.dynamo('UpdateItem', {
      TableName: platform.environment.JOB_STATUS_TABLE,
      Key: { jobId: { S: jobId } },
      UpdateExpression: 'SET #state = :state, #result = :result',
      ExpressionAttributeNames: { '#state': 'state', '#result': 'result' },
      ExpressionAttributeValues: { ':state': { S: 'succeeded' }, ':result': { S: JSON.stringify(saved) } },
    });
    const gone = await buffered('GET', `${links.self}/result`, { authorizer: ida });
    expect([gone.statusCode, JSON.parse(gone.body).type]).toEqual([410, '/problems/result-gone']);
    await platform.s3.send(new PutObjectCommand({ Bucket: filesBucket, Key: key, Body: 'Hi' }));
    const { statusCode, headers } = await buffered('GET', `${links.self}/result`, { authorizer: ida });
    expect(statusCode).toBe(303);
    const url = new URL(headers.location ?? '');
    expect(url.searchParams.get('X-Amz-Expires')).toBe('300');
    expect(url.searchParams.get('response-content-disposition')).toContain(
      "filename*=UTF-8''Bericht%20%C3%9C.txt",
    );
    const download = await fetch(url);
    expect([download.status, await download.text()]).toEqual([200, 'Hi']);
  });
});

test.each(['JOB_TOPIC_ARN', 'JOB_STATUS_TABLE', 'JOB_FILES_BUCKET', 'JOB_PLATFORM', 'JOB_API_AUTH'])(
  'without %s there is no handler',
  (name) => {
    const value = process.env[name];
    delete process.env[name];
    try {
      expect(() => createApiHandler(testJobs)).toThrow(`${name} is not set`);
    } finally {
      process.env[name] = value;
    }
  },
);

interface Asked {
  readonly body?: unknown;
  readonly base64?: boolean;
  readonly query?: string;
  readonly authorizer?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
}

function eventOf(
  method: string,
  rawPath: string,
  { body, base64 = false, query = '', authorizer, headers }: Asked,
): never {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query,
    headers: {
      host: 'api.test',
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      authorizer: authorizer ?? {
        iam: { accountId: '000000000000', userArn: 'arn:aws:iam::000000000000:user/any' },
      },
      domainName: 'api.test',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: 'r',
      stage: '$default',
    },
    ...(text === undefined ? {} : { body: base64 ? Buffer.from(text).toString('base64') : text }),
    isBase64Encoded: base64,
  } as never;
}

const context = { getRemainingTimeInMillis: () => 30_000 } as never;

async function buffered(method: string, path: string, asked: Asked = {}): Promise<Answer> {
  return (await behindHttpApi(eventOf(method, path, asked), context)) as Answer;
}

/** The runtime's globals for a handler that streams: the answer's head comes as metadata, before its body. */
const awslambda = {
  streamifyResponse: (handler: unknown) => handler,
  HttpResponseStream: {
    from(stream: AnswerStream, metadata: { statusCode: number; headers: Record<string, string> }) {
      stream.metadata = metadata;
      return stream;
    },
  },
};

class AnswerStream extends Writable {
  metadata = { statusCode: 0, headers: {} as Record<string, string> };
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function streamed(method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const stream = new AnswerStream();
  const handler = behindUrl as unknown as (
    event: never,
    stream: AnswerStream,
    context: never,
  ) => Promise<void>;
  await handler(eventOf(method, path, asked), stream, context);
  return { ...stream.metadata, body: stream.text };
}

async function messages(queueName: string): Promise<readonly { readonly body: string }[]> {
  return (await platform.engine.inspectQueue(queueName))?.visible ?? [];
}
