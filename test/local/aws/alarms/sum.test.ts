import { describe, expect, test } from '@jest/globals';
import { startAlarmBoard } from '../../../../local/aws/alarms/alarmBoard.ts';
import { alarmDefinition } from '../../../../local/aws/alarms/alarmDefinition.ts';
import { sumOfDatapoints } from '../../../../local/aws/alarms/sampling.ts';
import { startEngine } from '../../../../local/aws/engine/engine.ts';

const stat = (Id: string, MetricName: string, more: object = {}) => ({
  Id,
  MetricStat: {
    Metric: { Namespace: 'AWS/SQS', MetricName, Dimensions: [{ Name: 'QueueName', Value: 'q' }] },
    Period: 60,
    Stat: 'Maximum',
    ...more,
  },
  ReturnData: false,
});
const waiting = stat('waiting', 'ApproximateNumberOfMessagesVisible');
const running = stat('running', 'ApproximateNumberOfMessagesNotVisible');
const sum = (Expression: string) => ({ Id: 'expr_1', Expression, ReturnData: true });
const policy = 'arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:local:policyName/p';

const alarm = (Metrics: object[], more: object = {}) =>
  alarmDefinition('backlog', 'arn:alarm', {
    Metrics,
    EvaluationPeriods: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 1,
    TreatMissingData: 'notBreaching',
    AlarmActions: [policy],
    ...more,
  });

describe('an alarm on a sum of metrics', () => {
  test('is read off the template, in the order of its expression', () => {
    const { metric, statistic, periodSeconds } = alarm([sum('running+waiting'), waiting, running]);
    expect(metric).toEqual({
      expression: 'running+waiting',
      metrics: [
        expect.objectContaining({ name: 'ApproximateNumberOfMessagesNotVisible' }),
        expect.objectContaining({ name: 'ApproximateNumberOfMessagesVisible' }),
      ],
    });
    expect([statistic, periodSeconds]).toEqual(['Maximum', 60]);
  });

  test.each([
    [[sum('waiting / running'), waiting, running], /sums of metrics \(a \+ b\), got waiting \/ running/],
    [[sum('waiting + other'), waiting, running], /got waiting \+ other/],
    [[sum('waiting'), sum('running'), waiting, running], /got waiting; running/],
    [
      [
        sum('waiting + running'),
        waiting,
        stat('running', 'ApproximateNumberOfMessagesNotVisible', { Period: 300 }),
      ],
      /they need one statistic and period/,
    ],
  ])('what cannot be evaluated is refused by name', (metrics, message) => {
    expect(() => alarm(metrics)).toThrow(message);
  });

  test('is missing in a period in which one of them is', () => {
    const at = new Date(0);
    const points = (...values: (number | undefined)[]) => values.map((value) => ({ value, at }));
    expect(sumOfDatapoints([points(1, 2, undefined, 0), points(3, undefined, 4, 0)])).toEqual(
      points(4, undefined, undefined, 0),
    );
  });
});

test('while it is up, its scaling policy hears of each minute; afterwards of none', async () => {
  const engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  let tick = () => {};
  const heard: [string, number][] = [];
  const board = startAlarmBoard({
    engine,
    clock: {
      now: () => Date.now(),
      every: (_ms, work) => {
        tick = work;
        return () => {};
      },
    },
    topology: {
      isDeadLetterQueue: () => false,
      attributeFilteredSubscriptions: () => 0,
      functionErrors: () => undefined,
    },
    onTransition: () => {},
    onScaling: (arn, breach) => heard.push([arn, breach]),
    onWarning: (text) => {
      throw new Error(text);
    },
  });
  try {
    await engine.sqs('CreateQueue', { QueueName: 'q' });
    const definition = alarm([sum('waiting + running'), waiting, running]);
    await board.put(definition);
    expect(heard).toEqual([]);

    const QueueUrl = engine.queueUrl('q');
    for (const MessageBody of ['a', 'b', 'c']) await engine.sqs('SendMessage', { QueueUrl, MessageBody });
    await engine.sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 2 });
    tick();
    tick();
    await board.put(definition); // evaluated again, after both
    expect(heard).toEqual([
      [policy, 2],
      [policy, 2],
      [policy, 2],
    ]);
    expect(board.list()).toMatchObject([
      { state: 'ALARM', scales: true, condition: expect.stringContaining('waiting + running is') },
    ]);

    await engine.sqs('PurgeQueue', { QueueUrl });
    await board.put(definition);
    expect(heard).toHaveLength(3);
    expect(board.list()).toMatchObject([{ state: 'OK' }]);
    await board.put(alarm([sum('waiting'), waiting], { AlarmActions: [policy, 'arn:aws:sns:x:0:alarms'] }));
    expect(board.list()).toMatchObject([{ scales: false }]);
  } finally {
    await board.stop();
    await engine.stop();
  }
});
