import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  type AlarmBoard,
  type AlarmTransition,
  startAlarmBoard,
} from '../../../../local/aws/alarms/alarmBoard.ts';
import { alarmDefinition, compositeAlarmDefinition } from '../../../../local/aws/alarms/alarmDefinition.ts';
import type { Clock } from '../../../../local/aws/alarms/clock.ts';
import { type AcceptedPublish, type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';

/** Time that moves when told; it starts at the real now, since the engine stamps messages with real time. */
function virtualClock() {
  let now = Date.now();
  let tick: { ms: number; work: () => void; nextAt: number } | undefined;
  const clock: Clock = {
    now: () => now,
    every: (ms, work) => {
      tick = { ms, work, nextAt: now + ms };
      return () => {
        tick = undefined;
      };
    },
  };
  return {
    clock,
    isTicking: () => tick !== undefined,
    advance: (ms: number) => {
      const end = now + ms;
      while (tick && tick.nextAt <= end) {
        now = tick.nextAt;
        tick.nextAt += tick.ms;
        tick.work();
      }
      now = end;
    },
  };
}

let engine: Engine;
let board: AlarmBoard;
let time: ReturnType<typeof virtualClock>;
let transitions: AlarmTransition[];
let published: AcceptedPublish[];
const functionErrors = new Map<string, number>();

beforeEach(() => startWith(1));
afterEach(stop);

async function startWith(speed: number) {
  engine = await startEngine({ port: 0, region: 'us-east-1', speed });
  time = virtualClock();
  transitions = [];
  published = [];
  board = startAlarmBoard({
    engine,
    clock: time.clock,
    topology: {
      isDeadLetterQueue: (queue) => queue.endsWith('-dead'),
      attributeFilteredSubscriptions: () => 3,
      functionErrors: (name) => functionErrors.get(name),
    },
    onTransition: (transition) => transitions.push(transition),
    onWarning: (text) => {
      throw new Error(text);
    },
  });
  engine.onPublish((publish) => published.push(publish));
  await engine.sns('CreateTopic', { Name: 'alarms' });
  await engine.sns('CreateTopic', { Name: 'jobs' });
  for (const QueueName of ['q', 'q-dead'])
    await engine.sqs('CreateQueue', { QueueName, Attributes: { VisibilityTimeout: '0' } });
}

async function stop() {
  await board.stop();
  await engine.stop();
}

function queueAlarm(name: string, MetricName: string, QueueName: string, overrides: object = {}) {
  return alarmDefinition(name, `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`, {
    AlarmDescription: `about ${name}`,
    Namespace: 'AWS/SQS',
    MetricName,
    Dimensions: [{ Name: 'QueueName', Value: QueueName }],
    Statistic: 'Maximum',
    Period: 60,
    EvaluationPeriods: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 1,
    TreatMissingData: 'notBreaching',
    AlarmActions: [engine.topicArn('alarms')],
    ...overrides,
  });
}

/** Lets virtual time pass and waits for the evaluations in it. */
async function pass(seconds: number) {
  time.advance(seconds * 1000);
  await board.put(queueAlarm('unrelated', 'ApproximateNumberOfMessagesDelayed', 'q')); // waits its turn behind them
}

function stateOf(name: string) {
  return board.list().find((alarm) => alarm.name === name)?.state;
}

const send = (queue: string) =>
  engine.sqs('SendMessage', { QueueUrl: engine.queueUrl(queue), MessageBody: 'x' });

test('counts messages, notifies once per transition, and goes back to OK', async () => {
  await board.put(queueAlarm('visible', 'ApproximateNumberOfMessagesVisible', 'q'));
  expect(stateOf('visible')).toBe('OK');
  await send('q');
  await pass(59);
  expect(stateOf('visible')).toBe('OK');
  await pass(1);
  expect(stateOf('visible')).toBe('ALARM');
  await pass(300);
  expect(published).toHaveLength(1);

  await engine.sqs('PurgeQueue', { QueueUrl: engine.queueUrl('q') });
  await pass(60);
  expect(
    transitions.filter(({ name }) => name === 'visible').map(({ before, state }) => `${before} to ${state}`),
  ).toEqual(['INSUFFICIENT_DATA to OK', 'OK to ALARM', 'ALARM to OK']);
  expect(published).toHaveLength(1); // it has no OKActions
});

test('the notification is CloudWatch’s', async () => {
  await send('q');
  await board.put(queueAlarm('visible', 'ApproximateNumberOfMessagesVisible', 'q'));
  const [publish] = published;
  expect(publish?.subject).toBe('ALARM: "visible" in US East (N. Virginia)');
  expect(JSON.parse(publish?.message ?? '')).toMatchObject({
    AlarmName: 'visible',
    AlarmDescription: 'about visible',
    AWSAccountId: '000000000000',
    NewStateValue: 'ALARM',
    NewStateReason: expect.stringContaining('Threshold Crossed: 1 out of the last 1 datapoint [1.0 ('),
    StateChangeTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
    Region: 'US East (N. Virginia)',
    AlarmArn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:visible',
    OldStateValue: 'INSUFFICIENT_DATA',
    Trigger: {
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Namespace: 'AWS/SQS',
      StatisticType: 'Statistic',
      Statistic: 'MAXIMUM',
      Dimensions: [{ name: 'QueueName', value: 'q' }],
      Period: 60,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      TreatMissingData: 'notBreaching',
    },
  });
});

test('ages count from the send, and in a dead-letter queue from the move', async () => {
  const minute = { Threshold: 60 };
  await engine.sqs('SetQueueAttributes', {
    QueueUrl: engine.queueUrl('q'),
    Attributes: {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: engine.queueArn('q-dead'), maxReceiveCount: 1 }),
    },
  });
  await send('q');
  const sentAtMs = (await engine.queueCounts('q'))?.oldestSentAtMs ?? 0;
  await board.put(queueAlarm('age', 'ApproximateAgeOfOldestMessage', 'q', minute));
  await pass(61);
  expect(stateOf('age')).toBe('ALARM');

  const receive = () => engine.sqs('ReceiveMessage', { QueueUrl: engine.queueUrl('q') });
  await receive();
  while (Date.now() === sentAtMs) await new Promise((resolve) => setImmediate(resolve)); // so that the two differ
  await receive(); // the second receive moves it
  const counts = await engine.queueCounts('q-dead');
  expect(counts?.oldestSentAtMs).toBe(sentAtMs);
  expect(counts?.oldestEnteredAtMs).toBeGreaterThan(sentAtMs);
  const movedSecondsAgo = (time.clock.now() - (counts?.oldestEnteredAtMs ?? 0)) / 1000;
  await board.put(
    queueAlarm('dead', 'ApproximateAgeOfOldestMessage', 'q-dead', {
      Threshold: Math.ceil(movedSecondsAgo) + 60,
    }),
  );
  expect(stateOf('dead')).toBe('OK');
  await pass(121);
  expect(stateOf('dead')).toBe('ALARM');
});

test('in a source queue a message received three times drops out of the age', async () => {
  await send('q');
  const age = queueAlarm('age', 'ApproximateAgeOfOldestMessage', 'q', { Threshold: 30 });
  for (const expected of ['ALARM', 'ALARM', 'OK'] as const) {
    await engine.sqs('ReceiveMessage', { QueueUrl: engine.queueUrl('q') });
    await board.put(age);
    await pass(60);
    expect(stateOf('age')).toBe(expected);
  }
});

test('time runs as fast as the engine’s: periods shrink, ages grow', async () => {
  await stop();
  await startWith(30);
  await send('q');
  await board.put(queueAlarm('age', 'ApproximateAgeOfOldestMessage', 'q', { Threshold: 600 }));
  await pass(18);
  expect(stateOf('age')).toBe('OK'); // 540 s
  await pass(4);
  expect(stateOf('age')).toBe('ALARM'); // 660 s
});

test('counts what filtered subscriptions did not get for want of attributes', async () => {
  await board.put(
    alarmDefinition('no-attributes', 'arn', {
      Namespace: 'AWS/SNS',
      MetricName: 'NumberOfNotificationsFilteredOut-NoMessageAttributes',
      Dimensions: [{ Name: 'TopicName', Value: 'jobs' }],
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 2,
      TreatMissingData: 'notBreaching',
    }),
  );
  const MessageAttributes = { jobName: { DataType: 'String', StringValue: 'X' } };
  await engine.sns('Publish', { TopicArn: engine.topicArn('jobs'), Message: 'x', MessageAttributes });
  await pass(60);
  expect(stateOf('no-attributes')).toBe('OK');
  await engine.sns('Publish', { TopicArn: engine.topicArn('jobs'), Message: 'x' });
  await pass(60);
  expect(stateOf('no-attributes')).toBe('ALARM');
  await pass(180); // CloudWatch looks back past the one period for existing datapoints
  expect(stateOf('no-attributes')).toBe('OK');
});

test('counts the invocations of a function that failed', async () => {
  functionErrors.set('api', 2); // before the alarm was there
  await board.put(
    queueAlarm('errors', 'Errors', '', {
      Namespace: 'AWS/Lambda',
      Dimensions: [{ Name: 'FunctionName', Value: 'api' }],
      Statistic: 'Sum',
    }),
  );
  await pass(60);
  expect(stateOf('errors')).toBe('OK');
  functionErrors.set('api', 3);
  await pass(60);
  expect(stateOf('errors')).toBe('ALARM');
  await pass(300);
  expect(stateOf('errors')).toBe('OK');
});

test('a period of several minutes aggregates their readings', async () => {
  await send('q');
  const average = { Statistic: 'Average', Period: 180, Threshold: 1 };
  await board.put(queueAlarm('average', 'ApproximateNumberOfMessagesVisible', 'q', average)); // 1
  await engine.sqs('PurgeQueue', { QueueUrl: engine.queueUrl('q') });
  expect(stateOf('average')).toBe('ALARM');
  await pass(60); // 1 and 0
  expect(stateOf('average')).toBe('OK');
});

test('a redefined alarm goes on with its readings, and with none of another metric or period', async () => {
  const maximum = (overrides: object) =>
    board.put(queueAlarm('most', 'ApproximateNumberOfMessagesVisible', 'q', { Period: 180, ...overrides }));
  await send('q');
  await maximum({}); // 1
  await engine.sqs('PurgeQueue', { QueueUrl: engine.queueUrl('q') });
  await maximum({ AlarmDescription: 'new' }); // 1 and 0
  expect(stateOf('most')).toBe('ALARM');
  await maximum({ Period: 240 }); // 0
  expect(stateOf('most')).toBe('OK');
});

test('a composite notifies only when its rule holds; disabled actions notify nobody', async () => {
  const silent = { ActionsEnabled: false };
  await board.put(queueAlarm('one', 'ApproximateNumberOfMessagesVisible', 'q', silent));
  await board.put(queueAlarm('two', 'ApproximateNumberOfMessagesVisible', 'q-dead', silent));
  await board.put(
    compositeAlarmDefinition('both', 'arn', {
      AlarmRule: 'ALARM("one") AND ALARM("two")',
      AlarmActions: [engine.topicArn('alarms')],
    }),
  );
  await send('q');
  await pass(60);
  expect([stateOf('one'), stateOf('two'), stateOf('both')]).toEqual(['ALARM', 'OK', 'OK']);
  await send('q-dead');
  await pass(60);
  expect(stateOf('both')).toBe('ALARM');
  expect(published.map(({ subject }) => subject)).toEqual(['ALARM: "both" in US East (N. Virginia)']);
  expect(JSON.parse(published[0]?.message ?? '').AlarmRule).toBe('ALARM("one") AND ALARM("two")');
});

test('a redefined alarm keeps its state, a removed one is gone, and a stopped board ticks no more', async () => {
  await send('q');
  await board.put(queueAlarm('visible', 'ApproximateNumberOfMessagesVisible', 'q'));
  await board.put(
    queueAlarm('visible', 'ApproximateNumberOfMessagesVisible', 'q', { AlarmDescription: 'new' }),
  );
  expect(board.list()).toMatchObject([{ state: 'ALARM', description: 'new' }]);
  expect(published).toHaveLength(1);
  board.remove('visible');
  expect(board.list()).toEqual([]);
  await board.stop();
  expect(time.isTicking()).toBe(false);
});
