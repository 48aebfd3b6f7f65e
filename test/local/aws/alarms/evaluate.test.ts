import { describe, expect, test } from '@jest/globals';
import { type AlarmDefinition, alarmDefinition } from '../../../../local/aws/alarms/alarmDefinition.ts';
import { evaluateAlarm, isBreaching } from '../../../../local/aws/alarms/evaluate.ts';

const start = new Date('2026-11-21T12:00:00Z');

function alarm(overrides: object = {}): AlarmDefinition {
  return alarmDefinition('alarm', 'arn', {
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Statistic: 'Maximum',
    Period: 60,
    EvaluationPeriods: 3,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 1,
    ...overrides,
  });
}

/** `0 - X`: fine, missing, breaching; oldest first. */
function datapoints(text: string) {
  const values = { '0': 0, '-': undefined, X: 5 } as Record<string, number | undefined>;
  return text
    .split(' ')
    .map((symbol, index) => ({ value: values[symbol], at: new Date(start.getTime() + index * 60_000) }));
}

function evaluate(
  definition: AlarmDefinition,
  text: string,
  current: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA' = 'OK',
) {
  return evaluateAlarm(
    definition,
    { value: current, reason: 'before', since: start },
    datapoints(text),
    new Date('2026-11-21T12:05:00Z'),
  );
}

/** The tables of AWS's page "Configuring how CloudWatch alarms treat missing data". `current`: the state is retained. */
describe.each<[string, object, [string, string, string, string, string][]]>([
  [
    '3 of 3',
    {},
    [
      ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
      ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
      ['- - - - -', 'INSUFFICIENT_DATA', 'current', 'ALARM', 'OK'],
      ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['- - X - -', 'ALARM', 'current', 'ALARM', 'OK'],
    ],
  ],
  [
    '2 of 3',
    { DatapointsToAlarm: 2 },
    [
      ['0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
      ['- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
      ['- - - X -', 'ALARM', 'current', 'ALARM', 'OK'],
    ],
  ],
])('missing data, %s datapoints', (_name, overrides, rows) => {
  const treatments = ['missing', 'ignore', 'breaching', 'notBreaching'];
  const cases = rows.flatMap(([points, ...expected]) =>
    treatments.map((treatment, index) => [points, treatment, expected[index]]),
  );
  test.each(cases)('%s treated as %s: %s', (points = '', TreatMissingData, expected) => {
    for (const current of ['OK', 'ALARM'] as const) {
      const { value } = evaluate(alarm({ ...overrides, TreatMissingData }), points, current);
      expect(value).toBe(expected === 'current' ? current : expected);
    }
  });
});

test.each([
  ['GreaterThanOrEqualToThreshold', [false, true, true]],
  ['GreaterThanThreshold', [false, false, true]],
  ['LessThanThreshold', [true, false, false]],
  ['LessThanOrEqualToThreshold', [true, true, false]],
] as const)('%s of 10, for 9, 10 and 11', (operator, expected) => {
  expect([9, 10, 11].map((value) => isBreaching(value, operator, 10))).toEqual(expected);
});

test('a transition starts a new state with a reason in CloudWatch’s words; an unchanged one keeps its start', () => {
  const definition = alarm({ EvaluationPeriods: 1, Threshold: 5 });
  const up = evaluate(definition, 'X');
  expect(up.reason).toBe(
    'Threshold Crossed: 1 out of the last 1 datapoint [5.0 (21/11/26 12:00:00)] was greater than or equal to the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).',
  );
  expect(up.since).toEqual(new Date('2026-11-21T12:05:00Z'));
  expect(evaluateAlarm(definition, up, datapoints('X'), new Date('2026-11-21T12:06:00Z')).since).toEqual(
    up.since,
  );
});

test.each([
  [{ Metrics: [{ Id: 'e', Expression: 'm1+m2' }] }, /math expressions/],
  [{ Statistic: 'p99' }, /Statistic p99 is not evaluated locally/],
  [{ ComparisonOperator: 'GreaterThanUpperThreshold' }, /ComparisonOperator/],
  [{ Threshold: undefined }, /Threshold must be a number/],
])('refuses %j', (overrides, message) => expect(() => alarm(overrides)).toThrow(message));
