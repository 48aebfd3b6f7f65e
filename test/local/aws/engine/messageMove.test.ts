import {
  CancelMessageMoveTaskCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../../local/aws/isolatedAws.ts';
import { until } from '../lambda/processes.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A job's queue `work` and its dead-letter queue `dead`. */
async function start() {
  const engine = await startEngine({ port: 0, region: 'eu-west-1', speed: 1 });
  const sqs = new SQSClient({
    endpoint: engine.endpoint,
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
  });
  cleanups.push(
    () => engine.stop(),
    () => sqs.destroy(),
  );
  await sqs.send(new CreateQueueCommand({ QueueName: 'dead' }));
  const policy = JSON.stringify({ deadLetterTargetArn: engine.queueArn('dead'), maxReceiveCount: 1 });
  await createSource(sqs, 'work', policy);
  return { engine, sqs, policy };
}

async function createSource(sqs: SQSClient, QueueName: string, RedrivePolicy: string) {
  const Attributes = { RedrivePolicy, VisibilityTimeout: '0' };
  await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
}

async function send(engine: Engine, sqs: SQSClient, queueName: string, count: number): Promise<void> {
  for (let first = 0; first < count; first += 10) {
    const Entries = Array.from({ length: Math.min(10, count - first) }, (_, index) => ({
      Id: String(index),
      MessageBody: `m${first + index}`,
      MessageAttributes: { note: { DataType: 'String', StringValue: `n${first + index}` } },
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: engine.queueUrl(queueName), Entries }));
  }
}

async function newestTask(engine: Engine, sqs: SQSClient): Promise<ListMessageMoveTasksResultEntry> {
  const { Results } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: engine.queueArn('dead') }));
  expect(Results).toHaveLength(1);
  return (Results as [ListMessageMoveTasksResultEntry])[0];
}

async function endedTask(engine: Engine, sqs: SQSClient): Promise<ListMessageMoveTasksResultEntry> {
  await until(async () => !/RUNNING|CANCELLING/.test((await newestTask(engine, sqs)).Status ?? ''));
  return newestTask(engine, sqs);
}

async function count(engine: Engine, queueName: string): Promise<number | undefined> {
  return (await engine.queueCounts(queueName))?.visible;
}

describe('a move task', () => {
  test('moves everything as new messages that keep their bodies and attributes', async () => {
    const { engine, sqs } = await start();
    await send(engine, sqs, 'dead', 25);
    const before = await engine.inspectQueue('dead');
    const startedAtMs = Date.now();
    const { TaskHandle } = await sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: engine.queueArn('dead'),
        DestinationArn: engine.queueArn('work'),
      }),
    );
    expect(TaskHandle).toEqual(expect.any(String));
    const task = await endedTask(engine, sqs);
    expect(task).toEqual({
      Status: 'COMPLETED',
      SourceArn: engine.queueArn('dead'),
      DestinationArn: engine.queueArn('work'),
      ApproximateNumberOfMessagesMoved: 25,
      ApproximateNumberOfMessagesToMove: 25,
      StartedTimestamp: expect.any(Number),
    });
    expect(await count(engine, 'dead')).toBe(0);
    const moved = (await engine.inspectQueue('work'))?.visible ?? [];
    expect(moved.map(({ body, messageAttributes }) => [body, messageAttributes])).toEqual(
      before?.visible.map(({ body, messageAttributes }) => [body, messageAttributes]),
    );
    const oldIds = new Set(before?.visible.map(({ messageId }) => messageId));
    for (const message of moved) {
      expect(oldIds.has(message.messageId)).toBe(false);
      expect(message.receiveCount).toBe(0);
      expect(message.sentTimestamp).toBeGreaterThanOrEqual(startedAtMs);
    }
  });

  test('gives back the attributes so that the SDK’s checksum holds, and the attempt count starts again', async () => {
    const { engine, sqs } = await start();
    await send(engine, sqs, 'work', 1);
    const QueueUrl = engine.queueUrl('work');
    await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    await sqs.send(new ReceiveMessageCommand({ QueueUrl })); // the second receive moves it
    expect(await count(engine, 'dead')).toBe(1);
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: engine.queueArn('dead') }));
    await endedTask(engine, sqs);
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      }),
    );
    expect(Messages).toMatchObject([
      {
        Body: 'm0',
        Attributes: { ApproximateReceiveCount: '1' },
        MessageAttributes: { note: { DataType: 'String', StringValue: 'n0' } },
      },
    ]);
  });

  test('brings each message back to the queue it came from where no destination is given', async () => {
    const { engine, sqs, policy } = await start();
    await createSource(sqs, 'other', policy);
    for (const name of ['work', 'other']) {
      await sqs.send(new SendMessageCommand({ QueueUrl: engine.queueUrl(name), MessageBody: name }));
      for (let receive = 0; receive < 2; receive++) {
        await sqs.send(new ReceiveMessageCommand({ QueueUrl: engine.queueUrl(name) }));
      }
    }
    expect(await count(engine, 'dead')).toBe(2);
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: engine.queueArn('dead') }));
    const task = await endedTask(engine, sqs);
    expect(task).toMatchObject({ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 2 });
    expect(task.DestinationArn).toBeUndefined();
    for (const name of ['work', 'other']) {
      expect((await engine.inspectQueue(name))?.visible.map(({ body }) => body)).toEqual([name]);
    }
  });

  test('fails at a message that was sent to the dead-letter queue, which has no origin', async () => {
    const { engine, sqs } = await start();
    await send(engine, sqs, 'dead', 2);
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: engine.queueArn('dead') }));
    expect(await endedTask(engine, sqs)).toMatchObject({
      Status: 'FAILED',
      FailureReason: 'CouldNotDetermineMessageSource',
      ApproximateNumberOfMessagesMoved: 0,
    });
    expect(await count(engine, 'dead')).toBe(2);
  });

  test('leaves what is in flight, and what arrives or dies again after its start', async () => {
    const { engine, sqs } = await start();
    await send(engine, sqs, 'dead', 3);
    await sqs.send(new ReceiveMessageCommand({ QueueUrl: engine.queueUrl('dead'), VisibilityTimeout: 600 }));
    await sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: engine.queueArn('dead'),
        DestinationArn: engine.queueArn('work'),
        MaxNumberOfMessagesPerSecond: 5,
      }),
    );
    await send(engine, sqs, 'dead', 4);
    expect(await endedTask(engine, sqs)).toMatchObject({
      Status: 'COMPLETED',
      ApproximateNumberOfMessagesMoved: 2,
      ApproximateNumberOfMessagesToMove: 2,
    });
    expect(await engine.queueCounts('dead')).toMatchObject({ visible: 4, notVisible: 1 });
  });

  test('keeps to its rate, shows its handle while running, and stops when cancelled', async () => {
    const { engine, sqs } = await start();
    await send(engine, sqs, 'dead', 100);
    const SourceArn = engine.queueArn('dead');
    const startedAtMs = Date.now();
    const { TaskHandle } = await sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn,
        DestinationArn: engine.queueArn('work'),
        MaxNumberOfMessagesPerSecond: 50,
      }),
    );
    await until(async () => ((await count(engine, 'work')) ?? 0) >= 10);
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(200);
    expect(await newestTask(engine, sqs)).toMatchObject({
      Status: 'RUNNING',
      TaskHandle,
      MaxNumberOfMessagesPerSecond: 50,
      ApproximateNumberOfMessagesToMove: 100,
    });
    const cancelled = await sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
    expect(cancelled.ApproximateNumberOfMessagesMoved).toBeGreaterThanOrEqual(10);
    const task = await endedTask(engine, sqs);
    expect(task.Status).toBe('CANCELLED');
    expect(task.TaskHandle).toBeUndefined();
    const moved = task.ApproximateNumberOfMessagesMoved ?? 0;
    expect([await count(engine, 'work'), await count(engine, 'dead')]).toEqual([moved, 100 - moved]);
    await expect(sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }))).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
  });

  test('fails when its destination is deleted, and loses nothing', async () => {
    const { engine, sqs } = await start();
    await sqs.send(new CreateQueueCommand({ QueueName: 'elsewhere' }));
    await send(engine, sqs, 'dead', 50);
    await sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: engine.queueArn('dead'),
        DestinationArn: engine.queueArn('elsewhere'),
        MaxNumberOfMessagesPerSecond: 20,
      }),
    );
    await sqs.send(new DeleteQueueCommand({ QueueUrl: engine.queueUrl('elsewhere') }));
    const task = await endedTask(engine, sqs);
    expect(task).toMatchObject({
      Status: 'FAILED',
      FailureReason: 'AWS.SimpleQueueService.NonExistentQueue',
    });
    expect(await count(engine, 'dead')).toBe(50 - (task.ApproximateNumberOfMessagesMoved ?? 0));
  });
});

describe('what SQS refuses', () => {
  test('is refused with its codes and its words', async () => {
    const { engine, sqs } = await start();
    const SourceArn = engine.queueArn('dead');
    const DestinationArn = engine.queueArn('work');
    const gone = engine.queueArn('gone');
    const handle = (key: object) => Buffer.from(JSON.stringify(key)).toString('base64');
    const cases: [string, object, string, string | RegExp][] = [
      ['StartMessageMoveTask', {}, 'MissingParameter', /SourceArn/],
      [
        'StartMessageMoveTask',
        { SourceArn: gone },
        'ResourceNotFoundException',
        "The resource that you specified for the SourceArn parameter doesn't exist.",
      ],
      [
        'StartMessageMoveTask',
        { SourceArn, DestinationArn: gone },
        'ResourceNotFoundException',
        "The resource that you specified for the DestinationArn parameter doesn't exist.",
      ],
      [
        'StartMessageMoveTask',
        { SourceArn: DestinationArn },
        'InvalidParameterValue',
        'Source queue must be configured as a Dead Letter Queue.',
      ],
      [
        'StartMessageMoveTask',
        { SourceArn, MaxNumberOfMessagesPerSecond: 501 },
        'InvalidParameterValue',
        /501 .*between 1 and 500/,
      ],
      ['ListMessageMoveTasks', { SourceArn, MaxResults: 11 }, 'InvalidParameterValue', /between 1 and 10/],
      ['ListMessageMoveTasks', { SourceArn: gone }, 'ResourceNotFoundException', /SourceArn/],
      [
        'CancelMessageMoveTask',
        { TaskHandle: 'nonsense' },
        'InvalidParameterValue',
        'Value for parameter TaskHandle is invalid.',
      ],
      [
        'CancelMessageMoveTask',
        { TaskHandle: handle({ taskId: 'x', sourceArn: gone }) },
        'ResourceNotFoundException',
        "The resource that you specified for the SourceArn parameter doesn't exist.",
      ],
      [
        'CancelMessageMoveTask',
        { TaskHandle: handle({ taskId: 'x', sourceArn: SourceArn }) },
        'ResourceNotFoundException',
        'Task does not exist.',
      ],
    ];
    for (const [action, input, code, message] of cases) {
      const text = typeof message === 'string' ? `SQS ${action}: ${message}` : message;
      await expect(engine.sqs(action, input)).rejects.toMatchObject({ code });
      await expect(engine.sqs(action, input)).rejects.toThrow(text);
    }
    await expect(sqs.send(new StartMessageMoveTaskCommand({ SourceArn: gone }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('is a second task for the queue while one is active, and not after', async () => {
    const { engine, sqs } = await start();
    await send(engine, sqs, 'dead', 30);
    const input = {
      SourceArn: engine.queueArn('dead'),
      DestinationArn: engine.queueArn('work'),
      MaxNumberOfMessagesPerSecond: 1,
    };
    const { TaskHandle } = await sqs.send(new StartMessageMoveTaskCommand(input));
    await expect(sqs.send(new StartMessageMoveTaskCommand(input))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringMatching(/^There is already a task running\./),
    });
    // In this process and at once: a task that is being cancelled has ended at the next tick of its timer.
    const [, second] = await Promise.allSettled([
      engine.sqs('CancelMessageMoveTask', { TaskHandle }),
      engine.sqs('StartMessageMoveTask', input),
    ]);
    expect(second).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('already a task running') },
    });
    await endedTask(engine, sqs);
    await sqs.send(new StartMessageMoveTaskCommand({ ...input, MaxNumberOfMessagesPerSecond: 500 }));
    expect((await endedTask(engine, sqs)).Status).toBe('COMPLETED');
    const { Results } = await sqs.send(
      new ListMessageMoveTasksCommand({ SourceArn: input.SourceArn, MaxResults: 10 }),
    );
    expect(Results?.map(({ Status }) => Status)).toEqual(['COMPLETED', 'CANCELLED']);
  });

  test('an empty queue is no error', async () => {
    const { engine, sqs } = await start();
    await sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: engine.queueArn('dead'),
        DestinationArn: engine.queueArn('work'),
      }),
    );
    expect(await endedTask(engine, sqs)).toMatchObject({
      Status: 'COMPLETED',
      ApproximateNumberOfMessagesToMove: 0,
    });
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: engine.queueUrl('dead'),
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: '0' });
  });
});
