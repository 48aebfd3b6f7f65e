import { execFileSync } from 'node:child_process';
import type { Message } from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { letterJson, readLetter } from '../../cli/dlq/letter.ts';
import { letterText } from '../../cli/dlq/letterText.ts';
import { selectionOf } from '../../cli/dlq/selection.ts';
import { outgoing } from '../../cli/dlq/sendLetters.ts';
import { refusal } from '../../cli/dlq/throughTopic.ts';
import type { Target } from '../../cli/target.ts';
import { envelope, reason } from './dlqPlatform.ts';

const deployed: Target = {
  name: 'stack jobs-dev',
  topicArn: 'arn:aws:sns:us-east-1:000000000000:jobs-dev',
  clientConfig: { region: 'us-east-1' },
  jobs: undefined,
};
const local: Target = { ...deployed, speed: 1 };

const queueOf = (name: string) => ({
  name,
  queueUrl: `https://sqs.us-east-1.amazonaws.com/123456789012/jobs-dev-${name}-dead-letters`,
  jobQueueUrl: `https://sqs.us-east-1.amazonaws.com/123456789012/jobs-dev-${name}`,
});

function letterOf({ Attributes, ...message }: Message) {
  return readLetter({
    MessageId: 'm-1',
    ReceiptHandle: 'r-1',
    Body: envelope({ friendName: 'Hank' }, 'job-1'),
    Attributes: { SentTimestamp: '1763632920000', ...Attributes },
    ...message,
  });
}

const texts = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );

/** A letter with a reason in which something is different. */
const withReason = (changes: object, given: Message = {}) =>
  letterOf({
    ...given,
    MessageAttributes: texts({ deadLetterReason: JSON.stringify({ ...reason(), ...changes }) }),
  });

test.each([
  [{ stack: 5 }],
  [{ codeVersion: 7 }],
  [{ message: null }],
  [{ attempts: '5' }],
  [{ requestId: {} }],
  [{ firstFailureAt: 'yesterday' }],
  [{ lastFailureAt: '2026 (\u001b[31m)' }],
  [{ logStream: ['a'] }],
])('a reason with %j is not the runtime’s: its text is shown', (changes) => {
  const letter = withReason(changes);
  expect(letter.reason).toBe('malformed');
  expect(letterText(letter, queueOf('GreetingJob'), local)).toContain(
    'why      the attribute deadLetterReason cannot be read: {"name":"TypeError",',
  );
});

test('a reason without what may be missing is shown without it', () => {
  const { name, message, attempts, lastFailureAt } = reason();
  const MessageAttributes = texts({
    deadLetterReason: JSON.stringify({ name, message, attempts, lastFailureAt, cause: 'kept' }),
  });
  const letter = letterOf({ MessageAttributes });
  const text = letterText(letter, queueOf('GreetingJob'), deployed);
  expect(text).toContain('died     2026-11-20T10:02:00.000Z');
  expect(text).not.toMatch(/ (first|code|log) /);
  expect(letterJson('GreetingJob', letter)).toMatchObject({ reason: { cause: 'kept' } });
});

test('the command that shows the log does what it says, whatever the names in it hold', () => {
  const names = { logStream: "a'; touch pwned; '", logGroup: '$(id) `id`', requestId: `x"'\u001b[2J\n&& id` };
  const text = letterText(withReason(names), queueOf('GreetingJob'), deployed);
  const command = /log {6}(aws .*)$/.exec(text)?.[1] ?? '';
  const words = execFileSync('sh', ['-c', `aws() { printf '%s\\0' "$@"; }; ${command}`], {
    encoding: 'utf8',
  });
  expect(words.split('\0').slice(0, -1)).toEqual([
    ...['logs', 'filter-log-events', '--region', 'us-east-1', '--log-group-name', '$(id) `id`'],
    ...['--log-stream-names', "a'; touch pwned; '", '--filter-pattern', `"x\\"' && id"`],
    ...['--query', 'events[].message', '--output', 'text'],
  ]);
});

test('a lost attempt shows how to find its crash, not the request that gave up, nor its stack', () => {
  const lost = withReason({
    name: 'LostAttemptError',
    message: 'the last attempt ended without an outcome',
    stack: 'LostAttemptError: the last attempt\n    at work (/src/runtime/attempt.ts:54:55)',
  });
  const text = letterText(lost, queueOf('GreetingJob'), deployed);
  expect(text).not.toMatch(/attempt\.ts|request-1|log-stream-names/);
  expect(text).toContain(
    '--log-group-name /aws/lambda/jobs-dev-GreetingJob --start-time 1795168800000 --end-time 1795168920000 ' +
      `--filter-pattern '?"job-1" ?"timed out" ?"Runtime exited" ?"Status: timeout" ?"Status: error"' --query`,
  );
});

test('on the laptop the log is found by the job’s ID, which is all that npm start prints', () => {
  const text = letterText(withReason({}), queueOf('GreetingJob'), local);
  expect(text).toMatch(/\n {2}log {6}jobId=job-1, in the log of npm start$/);
});

test('a payload that is no JSON is shown as it was published, without its envelope', () => {
  const inEnvelope = { ...JSON.parse(envelope({}, 'job-1')), Message: '{"friendName":' };
  const text = letterText(letterOf({ Body: JSON.stringify(inEnvelope) }), queueOf('GreetingJob'), local);
  expect(text).toMatch(/\n {2}payload {2}not JSON: \{"friendName":$/m);
});

test.each(['Binary', 'Number', 'String.Array'])(
  'a jobName of type %s is why no job took it, whoever asks',
  (Type) => {
    const attributes = { jobName: { Type, Value: 'NzA=' } };
    const body = { ...JSON.parse(envelope({}, 'job-1')), MessageAttributes: attributes };
    const letter = letterOf({ Body: JSON.stringify(body) });
    const why = `its attribute jobName is of type ${Type}, not String`;
    expect(letterText(letter, queueOf('unrouted'), local)).toContain(`why      ${why}\n`);
    expect(refusal(letter, [])).toBe(`${why}, so no job takes it`);
  },
);

test.each([
  ['SQS says that its redrive policy moved it', { DeadLetterQueueSourceArn: 'arn:aws:sqs:r:1:q' }, true],
  ['it was sent later than that, and received often', { ApproximateReceiveCount: '8' }, true],
  ['it was looked at', { ApproximateReceiveCount: '3' }, false],
  ['the death sent it here', { SentTimestamp: '1795168924000', ApproximateReceiveCount: '8' }, false],
])('a reason is an older death’s when %s: %j', (_, Attributes, isOlder) => {
  const letter = withReason({}, { Attributes: { SentTimestamp: '1795255320000', ...Attributes } });
  const text = letterText(letter, queueOf('GreetingJob'), deployed);
  expect(selectionOf({ error: 'TypeError' }).takes(letter)).toBe(!isOlder);
  if (isOlder) {
    expect(text).toMatch(
      /why {6}no reason: moved by SQS's redrive policy after maxReceiveCount receives \(\d by now\); an older death, at 2026-11-20T10:02:00\.000Z, was of TypeError: friend is undefined\n {2}sent {5}2026-11-21T10:02/,
    );
    expect(letterJson('GreetingJob', letter)).toMatchObject({
      reason: null,
      olderReason: { name: 'TypeError' },
    });
  } else {
    expect(text).toContain('why      TypeError: friend is undefined\n');
    expect(letterJson('GreetingJob', letter)).not.toHaveProperty('olderReason');
  }
});

const instants = fc.constantFrom('2026-11-20T10:02:00.000Z', 'x\u001b[31m');
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\u001b[2Jx', "'; id; '", ''));
const anyReason = fc
  .record(
    {
      name: fc.oneof(anyText, fc.jsonValue()),
      message: anyText,
      attempts: fc.oneof(fc.integer(), fc.jsonValue()),
      lastFailureAt: instants,
      firstFailureAt: fc.oneof(instants, fc.jsonValue()),
      ...Object.fromEntries(
        ['stack', 'requestId', 'logGroup', 'logStream', 'codeVersion'].map((name) => [
          name,
          fc.oneof({ weight: 9, arbitrary: anyText }, { weight: 1, arbitrary: fc.jsonValue() }),
        ]),
      ),
    },
    { requiredKeys: ['name', 'message', 'attempts', 'lastFailureAt'] },
  )
  .map((value) => JSON.stringify(value));
const anyAttributes = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom('jobName', 'jobId', 'note'), fc.oneof(fc.jsonValue(), anyEntry())),
);
const anyBody = fc.oneof(
  anyText,
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc
    .record({ Message: anyText, MessageAttributes: anyAttributes, MessageGroupId: fc.jsonValue() })
    .map((value) => JSON.stringify({ Type: 'Notification', MessageId: 'm', TopicArn: 't', ...value })),
);
const schedulers = texts({ SCHEDULE_ARN: 'arn:aws:scheduler:r:1:schedule/g/n', TARGET_ARN: 'arn' });

function anyEntry() {
  return fc.record({
    Type: fc.oneof(anyText, fc.jsonValue()),
    Value: fc.oneof(anyText, fc.jsonValue()),
    DataType: fc.oneof(anyText, fc.jsonValue()),
    StringValue: fc.oneof(anyText, fc.jsonValue()),
  });
}

test('whatever a message holds, it can be shown without harm to the terminal, moved and selected', () => {
  fc.assert(
    fc.property(
      anyBody,
      fc.oneof(anyReason, anyText),
      fc.boolean(),
      fc.dictionary(fc.constantFrom('jobName', 'jobId', 'ErrorCode', 'ERROR_CODE'), anyText),
      (Body, reasonText, isScheduled, own) => {
        const MessageAttributes = {
          ...texts({ ...own, deadLetterReason: reasonText }),
          ...(isScheduled ? schedulers : {}),
        };
        const letter = letterOf({ Body, MessageAttributes });
        for (const target of [local, deployed]) {
          for (const name of ['GreetingJob', 'unrouted', 'undelivered']) {
            const text = letterText(letter, queueOf(name), target);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
            expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
            expect(text).not.toContain('undefined');
          }
        }
        expect(typeof JSON.stringify(letterJson('GreetingJob', letter))).toBe('string');
        refusal(letter, ['GreetingJob']);
        outgoing(letter);
        selectionOf({ olderThan: '1d' }).takes(letter);
        selectionOf({ error: 'TypeError' }).takes(letter);
      },
    ),
    { numRuns: 300 },
  );
});
