import { connect } from 'node:net';
import {
  CreateTopicCommand,
  type MessageAttributeValue,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type AcceptedPublish,
  type Engine,
  type Fault,
  startEngine,
} from '../../../../local/aws/engine/engine.ts';
import { localCredentials } from '../../../../local/aws/isolatedAws.ts';
import { until } from '../lambda/processes.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(speed = 1) {
  const engine = await startEngine({ port: 0, region: 'eu-west-1', speed });
  // Another region and any credentials: nobody has to configure anything.
  const options = {
    endpoint: engine.endpoint,
    region: 'us-west-2',
    credentials: localCredentials,
    maxAttempts: 1,
  };
  const sqs = new SQSClient(options);
  const sns = new SNSClient(options);
  cleanups.push(
    () => engine.stop(),
    () => sqs.destroy(),
    () => sns.destroy(),
  );
  return { engine, sqs, sns, options };
}

async function createQueue(engine: Engine, QueueName: string, Attributes: Record<string, string> = {}) {
  return (await engine.sqs('CreateQueue', { QueueName, Attributes })).QueueUrl as string;
}

const jobName = (value: string) => ({ jobName: { DataType: 'String', StringValue: value } });

describe('the endpoint', () => {
  test('serves any SDK, and in-process calls see the same state', async () => {
    const { engine, sqs, sns } = await start();
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
    expect(QueueUrl).toBe(engine.queueUrl('q'));
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'q' }))).QueueUrl).toBe(QueueUrl);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 't' }));
    expect(TopicArn).toBe(engine.topicArn('t'));
    await engine.sns('Subscribe', {
      TopicArn,
      Protocol: 'sqs',
      Endpoint: engine.queueArn('q'),
      Attributes: { FilterPolicy: '{"jobName":["A"]}' },
    });
    await sns.send(new PublishCommand({ TopicArn, Message: '{"n":1}', MessageAttributes: jobName('A') }));
    await engine.sns('Publish', { TopicArn, Message: '{"n":2}', MessageAttributes: jobName('A') });
    await sns.send(new PublishCommand({ TopicArn, Message: '{"n":3}', MessageAttributes: jobName('B') }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    expect(Messages?.map(({ Body }) => JSON.parse(JSON.parse(Body ?? '').Message))).toEqual([
      { n: 1 },
      { n: 2 },
    ]);
  });

  test('is on loopback only and says which port is taken', async () => {
    const { engine } = await start();
    expect(engine.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(engine.endpoint).port);
    await expect(startEngine({ port, region: 'eu-west-1', speed: 1 })).rejects.toMatchObject({
      name: 'PortTakenError',
      port,
      message: expect.stringMatching(new RegExp(`Port ${port} .*--port N`)),
    });
  });

  test('refuses a foreign Host and a foreign Origin', async () => {
    const { engine } = await start();
    const port = new URL(engine.endpoint).port;
    const status = async (headers: string) => {
      const answer = await rawRequest(
        Number(port),
        `GET /health HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`,
      );
      return Number(answer.split(' ')[1]);
    };
    expect(await status(`Host: 127.0.0.1:${port}`)).toBe(200);
    expect(await status(`Host: localhost:${port}`)).toBe(200);
    expect(await status(`Host: [::1]:${port}`)).toBe(200);
    expect(await status(`Host: localhost\r\nOrigin: http://localhost:3000`)).toBe(200);
    expect(await status('Host: evil.example')).toBe(403);
    expect(await status('Host: localhost.evil.example')).toBe(403);
    expect(await status('Host: 127.0.0.1\r\nOrigin: https://evil.example')).toBe(403);
    expect(await status('Host: 127.0.0.1\r\nOrigin: null')).toBe(403);
  });

  test('survives whatever is sent to it', async () => {
    const { engine, sqs } = await start();
    const port = Number(new URL(engine.endpoint).port);
    const QueueUrl = await createQueue(engine, 'q');
    const post = (body: string, headers: object) =>
      fetch(engine.endpoint, { method: 'POST', body, headers: { ...headers } });
    const json = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.SendMessageBatch',
    };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const body of [
      '{"broken',
      'null',
      '[]',
      '"text"',
      '{"QueueUrl":5}',
      '',
      `{"QueueUrl":"${QueueUrl}","Entries":"x"}`,
      `{"QueueUrl":"${QueueUrl}","Entries":[null]}`,
    ]) {
      expect((await post(body, json)).status).toBe(400);
    }
    expect((await post('{}', { ...json, 'x-amz-target': 'AmazonSQS.Nonsense' })).status).toBe(400);
    expect((await post('Action=Nonsense', form)).status).toBe(400);
    expect((await post('%%%&&&=', form)).status).toBe(400);
    expect((await post('Action=Publish&Action=', form)).status).toBe(400);
    expect((await post('x'.repeat(12 * 1024 * 1024), json)).status).toBe(413);
    await rawRequest(port, '\x16\x03\x01\x00\xff garbage \0\0\r\n\r\n');
    await rawRequest(port, 'GET / HTTP/9.9\r\n\r\n');
    for (let i = 0; i < 20; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"half`);
      await until(() => !socket.connecting);
      socket.destroy();
    }
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'still here' }));
    expect(await engine.queueCounts('q')).toMatchObject({ visible: 1 });
  });

  test('answers errors as AWS does, in process too', async () => {
    const { engine, sqs } = await start();
    const missing = engine.queueUrl('missing');
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl: missing, MessageBody: 'x' })),
    ).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
    await expect(engine.sqs('SendMessage', { QueueUrl: missing, MessageBody: 'x' })).rejects.toMatchObject({
      name: 'EngineError',
      code: 'QueueDoesNotExist',
      status: 400,
    });
    await expect(engine.sns('Publish', { TopicArn: 'arn:x', Message: 'x' })).rejects.toMatchObject({
      code: 'NotFound',
      status: 404,
    });
  });
});

describe('messages', () => {
  test('carry their attributes only to whom asks for them', async () => {
    const { engine, sqs } = await start();
    const QueueUrl = await createQueue(engine, 'q', { VisibilityTimeout: '0' });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageAttributes: jobName('A') }));
    const plain = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(plain.Messages?.[0]).not.toHaveProperty('MessageAttributes');
    const asked = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'] }));
    expect(asked.Messages?.[0]?.MessageAttributes).toMatchObject(jobName('A'));
  });

  test('are not swallowed by a long poll whose caller has gone', async () => {
    const { engine, sqs } = await start();
    const QueueUrl = await createQueue(engine, 'q');
    const abort = new AbortController();
    let arrived = false;
    engine.setFaults(() => {
      arrived = true;
      return undefined;
    });
    const polling = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: abort.signal,
    });
    await until(() => arrived);
    abort.abort();
    await expect(polling).rejects.toMatchObject({ name: 'AbortError' });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'for the next one' }));
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 2, MessageSystemAttributeNames: ['All'] }),
    );
    expect(Messages?.[0]).toMatchObject({
      Body: 'for the next one',
      Attributes: { ApproximateReceiveCount: '1' },
    });
  });

  test('can be inspected and counted without being received', async () => {
    const { engine } = await start();
    const QueueUrl = await createQueue(engine, 'q');
    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'a', MessageAttributes: jobName('A') });
    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'b' });
    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'c', DelaySeconds: 900 });
    await engine.sqs('ReceiveMessage', { QueueUrl, VisibilityTimeout: 1 });
    const state = await engine.inspectQueue('q');
    expect(state).toMatchObject({
      visible: [{ body: 'b', receiveCount: 0 }],
      notVisible: [{ body: 'a', receiveCount: 1, messageAttributes: jobName('A') }],
      delayed: [{ body: 'c' }],
    });
    const counts = await engine.queueCounts('q');
    expect(counts).toMatchObject({ visible: 1, notVisible: 1, delayed: 1 });
    expect(counts?.oldestSentAtMs).toBe(state?.notVisible[0]?.sentTimestamp);
    // What is past its visibility timeout is visible although nobody has received it again.
    await until(async () => (await engine.queueCounts('q'))?.visible === 2);
    const { Attributes } = await engine.sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    expect(Attributes.ApproximateNumberOfMessages).toBe('2');
    expect(await engine.inspectQueue('missing')).toBeUndefined();
    expect(await engine.queueCounts('missing')).toBeUndefined();
  });

  test('are counted by SQS as visible once their visibility timeout has ended, before anybody receives', async () => {
    const { engine, sqs } = await start();
    const QueueUrl = await createQueue(engine, 'q');
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 1 }));
    const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] });
    await until(async () => (await sqs.send(ask)).Attributes?.ApproximateNumberOfMessages === '1');
  });

  test('moved to a dead-letter queue keep their timestamp and tell when they came', async () => {
    const { engine } = await start();
    await createQueue(engine, 'dead');
    const QueueUrl = await createQueue(engine, 'q', {
      VisibilityTimeout: '0',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: engine.queueArn('dead'), maxReceiveCount: 1 }),
    });
    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'poison' });
    await engine.sqs('ReceiveMessage', { QueueUrl });
    const sentAtMs = (await engine.inspectQueue('q'))?.visible[0]?.sentTimestamp ?? Number.NaN;
    await until(() => Date.now() > sentAtMs + 20);
    const movedAtMs = Date.now();
    await engine.sqs('ReceiveMessage', { QueueUrl });
    const counts = await engine.queueCounts('dead');
    expect(counts).toMatchObject({ visible: 1, oldestSentAtMs: sentAtMs });
    expect(counts?.oldestEnteredAtMs).toBeGreaterThanOrEqual(movedAtMs);
  });

  test('tell which redrive policy moved them, and what was sent there tells none', async () => {
    const { engine } = await start();
    const dead = await createQueue(engine, 'dead');
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: engine.queueArn('dead'),
      maxReceiveCount: 1,
    });
    const QueueUrl = await createQueue(engine, 'q', { VisibilityTimeout: '0', RedrivePolicy });
    await engine.sqs('SendMessage', { QueueUrl: dead, MessageBody: 'sent' });
    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'moved' });
    await engine.sqs('ReceiveMessage', { QueueUrl });
    await engine.sqs('ReceiveMessage', { QueueUrl });
    await engine.sqs('ReceiveMessage', { QueueUrl: dead, MaxNumberOfMessages: 10, VisibilityTimeout: 0 });
    const { visible = [] } = (await engine.inspectQueue('dead')) ?? {};
    expect(
      Object.fromEntries(visible.map(({ body, deadLetterSourceArn }) => [body, deadLetterSourceArn])),
    ).toEqual({ sent: undefined, moved: engine.queueArn('q') });
  });
});

describe('at speed 30', () => {
  test('visibility timeouts shrink to a second at least, and attributes answer what was set', async () => {
    const { engine, sqs } = await start(30);
    const set = { VisibilityTimeout: '60', DelaySeconds: '0', MessageRetentionPeriod: '345600' };
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'q', Attributes: set }));
    const read = async () =>
      (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes;
    expect(await read()).toMatchObject(set);
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '45' } }));
    expect(await read()).toMatchObject({ ...set, VisibilityTimeout: '45' });
    await expect(
      sqs.send(new CreateQueueCommand({ QueueName: 'r', Attributes: { VisibilityTimeout: '43201' } })),
    ).rejects.toMatchObject({ name: expect.stringContaining('InvalidAttributeValue') });

    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'x' });
    const hiddenForMs = async () => {
      const [message] = (await engine.inspectQueue('q'))?.notVisible ?? [];
      return (message?.visibleAtMs ?? Number.NaN) - Date.now();
    };
    const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(await hiddenForMs()).toBeGreaterThan(1_300);
    expect(await hiddenForMs()).toBeLessThanOrEqual(1_500);
    const change = (VisibilityTimeout: number) =>
      sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: received.Messages?.[0]?.ReceiptHandle,
          VisibilityTimeout,
        }),
      );
    await change(43_200);
    expect(await hiddenForMs()).toBeGreaterThan(1_439_000);
    expect(await hiddenForMs()).toBeLessThanOrEqual(1_440_000);
    await expect(change(43_201)).rejects.toThrow();
    await change(5); // 5 / 30, so the floor
    expect(await hiddenForMs()).toBeGreaterThan(900);
    expect(await hiddenForMs()).toBeLessThanOrEqual(1_000);
    await change(0);
    expect(await engine.queueCounts('q')).toMatchObject({ visible: 1, notVisible: 0 });
  });

  test('delays shrink, of the message and of the queue; 0 stays 0', async () => {
    const { engine } = await start(30);
    const QueueUrl = await createQueue(engine, 'q', { DelaySeconds: '90' });
    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'queue delay' });
    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'own delay', DelaySeconds: 900 });
    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'none', DelaySeconds: 0 });
    await expect(
      engine.sqs('SendMessage', { QueueUrl, MessageBody: 'x', DelaySeconds: 901 }),
    ).rejects.toMatchObject({
      code: 'InvalidParameterValue',
    });
    const state = await engine.inspectQueue('q');
    expect(state?.visible.map(({ body }) => body)).toEqual(['none']);
    expect(
      state?.delayed.map(({ body, visibleAtMs, sentTimestamp }) => [body, visibleAtMs - sentTimestamp]),
    ).toEqual([
      ['queue delay', 3_000],
      ['own delay', 30_000],
    ]);
  });

  test('waiting is real time', async () => {
    const { engine } = await start(30);
    const QueueUrl = await createQueue(engine, 'q');
    const startedMs = performance.now();
    await engine.sqs('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 1 });
    expect(performance.now() - startedMs).toBeGreaterThan(950);
  });

  test('retention is enforced, in flight too, and no sooner', async () => {
    const { engine } = await start(30);
    const short = await createQueue(engine, 'short', { MessageRetentionPeriod: '60' }); // 2 s
    const long = await createQueue(engine, 'long', { MessageRetentionPeriod: '86400' });
    for (const QueueUrl of [short, short, long])
      await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'x' });
    await engine.sqs('SendMessage', { QueueUrl: short, MessageBody: 'x', DelaySeconds: 900 });
    await engine.sqs('ReceiveMessage', { QueueUrl: short, VisibilityTimeout: 43_200 });
    const sentAtMs = (await engine.queueCounts('short'))?.oldestSentAtMs ?? 0;
    expect(await engine.queueCounts('short')).toMatchObject({ visible: 1, notVisible: 1, delayed: 1 });
    await until(async () => (await engine.queueCounts('short'))?.oldestSentAtMs === undefined);
    expect(Date.now() - sentAtMs).toBeGreaterThanOrEqual(2_000);
    expect(await engine.queueCounts('short')).toMatchObject({ visible: 0, notVisible: 0, delayed: 0 });
    expect(await engine.queueCounts('long')).toMatchObject({ visible: 1 });
  });

  test('a hold outlasts the visibility timeout; its release respects what the handler chose', async () => {
    const { engine } = await start(30);
    const QueueUrl = await createQueue(engine, 'q', { VisibilityTimeout: '90' });
    for (const MessageBody of ['left', 'changed']) await engine.sqs('SendMessage', { QueueUrl, MessageBody });
    const { Messages } = await engine.sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    const handles = Messages.map(({ ReceiptHandle }: { ReceiptHandle: string }) => ReceiptHandle);
    engine.hold('q', handles, 60_000);
    const visibleInMs = async () =>
      (await engine.inspectQueue('q'))?.notVisible.map(({ visibleAtMs }) => visibleAtMs - Date.now()) ?? [];
    for (const ms of await visibleInMs()) expect(ms).toBeGreaterThan(59_000);
    await engine.sqs('ChangeMessageVisibility', {
      QueueUrl,
      ReceiptHandle: handles[1],
      VisibilityTimeout: 600,
    });
    engine.release('q', handles);
    const [left, changed] = await visibleInMs();
    expect(left).toBeGreaterThan(2_000);
    expect(left).toBeLessThanOrEqual(3_000);
    expect(changed).toBeGreaterThan(19_000);
    expect(changed).toBeLessThanOrEqual(20_000);
  });
});

describe('publishes', () => {
  test('are heard, whoever sends them, when they are accepted', async () => {
    const { engine, sns } = await start();
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 't' }));
    const heard: AcceptedPublish[] = [];
    const unsubscribe = engine.onPublish((publish) => heard.push(publish));
    const sent = await sns.send(new PublishCommand({ TopicArn, Message: 'ü&<>', Subject: 'Alarm & more' }));
    const batch = await sns.send(
      new PublishBatchCommand({
        TopicArn,
        PublishBatchRequestEntries: [
          { Id: 'big', Message: 'x'.repeat(100), MessageAttributes: jobName('A') },
          { Id: 'plain', Message: 'plain' },
        ],
      }),
    );
    await expect(engine.sns('Publish', { TopicArn: 'arn:nope', Message: 'x' })).rejects.toThrow();
    expect(heard).toMatchObject([
      {
        topicArn: TopicArn,
        messageId: sent.MessageId,
        subject: 'Alarm & more',
        message: 'ü&<>',
        attributeCount: 0,
      },
      { messageId: batch.Successful?.[0]?.MessageId, attributeCount: 1, messageAttributes: jobName('A') },
      { messageId: batch.Successful?.[1]?.MessageId, message: 'plain', attributeCount: 0 },
    ]);
    unsubscribe();
    await engine.sns('Publish', { TopicArn, Message: 'unheard' });
    expect(heard).toHaveLength(3);
  });

  test('a batch that SNS refuses is refused', async () => {
    const { engine, sns } = await start();
    const { TopicArn } = await engine.sns('CreateTopic', { Name: 't' });
    const publish = (...messages: string[]) =>
      sns.send(
        new PublishBatchCommand({
          TopicArn,
          PublishBatchRequestEntries: messages.map((Message, i) => ({ Id: `${i}`, Message })),
        }),
      );
    await expect(publish('x'.repeat(140_000), 'x'.repeat(140_000))).rejects.toMatchObject({
      name: expect.stringContaining('BatchRequestTooLong'),
    });
    await expect(publish('x', '')).rejects.toMatchObject({
      name: expect.stringContaining('InvalidParameter'),
    });
    expect((await publish('x'.repeat(131_000), 'x'.repeat(131_000))).Successful).toHaveLength(2);
  });

  test('for a queue that does not exist go to the subscription’s dead-letter queue with the reason', async () => {
    const { engine, sns } = await start();
    await createQueue(engine, 'undelivered');
    const gone = await createQueue(engine, 'gone');
    const { TopicArn } = await engine.sns('CreateTopic', { Name: 't' });
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: engine.queueArn('gone'),
        Attributes: {
          FilterPolicy: '{"jobName":["A"]}',
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: engine.queueArn('undelivered') }),
        },
      }),
    );
    const publish = (name: string) =>
      sns.send(new PublishCommand({ TopicArn, Message: `for ${name}`, MessageAttributes: jobName(name) }));
    await publish('A');
    expect(await engine.queueCounts('undelivered')).toMatchObject({ visible: 0 });
    await engine.sqs('DeleteQueue', { QueueUrl: gone });
    await publish('A');
    await publish('B');
    const { visible = [] } = (await engine.inspectQueue('undelivered')) ?? {};
    expect(visible.map(({ body }) => JSON.parse(body).Message)).toEqual(['for A']);
    expect(visible[0]?.messageAttributes).toMatchObject({
      RequestID: { DataType: 'String' },
      ErrorCode: { StringValue: 'AWS.SimpleQueueService.NonExistentQueue' },
      ErrorMessage: { StringValue: expect.stringContaining(':gone') },
    });
  });
});

describe('faults', () => {
  test('delay, fail, drop before and drop after, for requests from the network only', async () => {
    const { engine, sqs } = await start();
    const QueueUrl = await createQueue(engine, 'q');
    const seen: string[] = [];
    let next: Fault | undefined;
    engine.setFaults(({ service, action }) => {
      seen.push(`${service} ${action}`);
      return next;
    });
    const send = () => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    const count = async () => (await engine.queueCounts('q'))?.visible;

    next = { kind: 'delay', ms: 150 };
    const startedMs = performance.now();
    await send();
    expect(performance.now() - startedMs).toBeGreaterThan(145);
    expect(await count()).toBe(1);

    next = { kind: 'error', status: 503, code: 'ServiceUnavailable' };
    await expect(send()).rejects.toMatchObject({
      name: 'ServiceUnavailable',
      $metadata: { httpStatusCode: 503 },
    });
    expect(await count()).toBe(1);

    next = { kind: 'drop' };
    await expect(send()).rejects.toThrow();
    expect(await count()).toBe(1);

    next = { kind: 'dropAfter' };
    await expect(send()).rejects.toThrow();
    expect(await count()).toBe(2);

    await engine.sqs('SendMessage', { QueueUrl, MessageBody: 'in process' });
    expect(seen).toEqual(Array(4).fill('sqs SendMessage'));
    engine.setFaults(undefined);
    await send();
    expect(await count()).toBe(4);
  });

  test('in SNS’s protocol, and an SDK’s retry gets through', async () => {
    const { engine, options } = await start();
    const sns = new SNSClient({ ...options, maxAttempts: 3 });
    cleanups.push(() => sns.destroy());
    const { TopicArn } = await engine.sns('CreateTopic', { Name: 't' });
    let left = 2;
    engine.setFaults(({ service, action }) => {
      const fails = service === 'sns' && action === 'Publish' && left-- > 0;
      return fails ? { kind: 'error', status: 500, code: 'InternalFailure' } : undefined;
    });
    await expect(sns.send(new PublishCommand({ TopicArn, Message: 'x' }))).resolves.toHaveProperty(
      'MessageId',
    );
    expect(left).toBe(-1);
  });
});

test('S3 answers too', async () => {
  const { engine } = await start();
  expect((await fetch(`${engine.endpoint}/bucket`, { method: 'PUT' })).status).toBe(200);
  expect((await fetch(`${engine.endpoint}/bucket/a.txt`, { method: 'PUT', body: 'content' })).status).toBe(
    200,
  );
  expect(await (await fetch(`${engine.endpoint}/bucket/a.txt`)).text()).toBe('content');
});

test('stop frees the port at once, with a long poll open', async () => {
  const { engine, sqs } = await start();
  const QueueUrl = await createQueue(engine, 'q');
  const polling = sqs
    .send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }))
    .catch((error: Error) => error);
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'unknown' }));
  await engine.stop();
  await polling;
  const again = await startEngine({
    port: Number(new URL(engine.endpoint).port),
    region: 'eu-west-1',
    speed: 1,
  });
  await again.stop();
});

/** Sends bytes and returns whatever comes back until the connection ends. */
function rawRequest(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

describe('message attributes that SNS does not take', () => {
  const text = (StringValue: string, DataType = 'String') => ({ DataType, StringValue });
  const bytes = (BinaryValue: Uint8Array, DataType = 'Binary') => ({ DataType, BinaryValue });

  test.each<[string, Record<string, MessageAttributeValue>]>([
    ['a name with other characters', { 'job name': text('A') }],
    ['a name that is AWS’s', { 'AWS.x': text('A') }],
    ['a value with a control character', { jobName: text('A\u0000') }],
    ['a value with U+FFFF', { jobName: text('A\uFFFF') }],
    ['an empty value', { jobName: text('') }],
    ['no value', { jobName: { DataType: 'String' } }],
    ['an empty type', { jobName: text('A', '') }],
    ['no type', { jobName: { StringValue: 'A', DataType: undefined } }],
    ['an invented type', { jobName: text('A', 'Foo') }],
    ['an empty suffix', { jobName: text('A', 'String.') }],
    ['a number that is none', { jobName: text('A', 'Number') }],
    ['a number of one’s own that is none', { jobName: text('0x10', 'Number.hex') }],
    ['bytes as text', { jobName: bytes(Buffer.from('A'), 'String') }],
    ['text as bytes', { jobName: text('A', 'Binary') }],
  ])('are refused, alone or in a batch: %s', async (_what, MessageAttributes) => {
    const { engine, sns } = await start();
    const { TopicArn } = await engine.sns('CreateTopic', { Name: 't' });
    const accepted: AcceptedPublish[] = [];
    engine.onPublish((publish) => accepted.push(publish));
    const refusal = { name: 'InvalidParameterValueException' };
    const alone = sns.send(new PublishCommand({ TopicArn, Message: 'x', MessageAttributes }));
    await expect(alone).rejects.toMatchObject(refusal);
    const entries = [
      { Id: 'fine', Message: 'x' },
      { Id: 'refused', Message: 'x', MessageAttributes },
    ];
    const batch = sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries }));
    await expect(batch).rejects.toMatchObject(refusal);
    expect(accepted).toEqual([]);
  });

  test('others are taken', async () => {
    const { engine, sns } = await start();
    const { TopicArn } = await engine.sns('CreateTopic', { Name: 't' });
    const MessageAttributes = {
      text: text('Grüße\n'),
      list: text('["a",1,null]', 'String.Array'),
      own: text('A', 'String.my.own'),
      number: text('-1.5e3', 'Number'),
      float: text('0.5', 'Number.float'),
      bytes: bytes(Buffer.from([0, 1])),
      picture: bytes(Buffer.from([0]), 'Binary.gif'),
    };
    await sns.send(new PublishCommand({ TopicArn, Message: 'x', MessageAttributes }));
  });
});
