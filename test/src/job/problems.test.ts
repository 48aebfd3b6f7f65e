import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jobProblems } from '../../../src/job/check/problems.ts';
import type { JobContext } from '../../../src/job/context.ts';
import { durationSeconds } from '../../../src/job/duration.ts';
import { defineJob, isJob } from '../../../src/job/index.ts';
import { jobNameProblem } from '../../../src/job/jobName.ts';
import { type DurationRow, jobOptions, type NumberRow, type OptionRow } from '../../../src/job/options.ts';
import type { JobMessage } from '../../../src/message/received.ts';
import { outcomeOfError } from '../../../src/runtime/attempt.ts';

const run = () => undefined;

function problemsOf(options: object): string[] {
  return jobProblems(defineJob({ run, ...options } as never)).map(({ option }) => option);
}

const rows = Object.entries<OptionRow>(jobOptions);
const numberRows = rows.filter((entry): entry is [string, NumberRow] => entry[1].kind === 'number');
const durationRows = rows.filter((entry): entry is [string, DurationRow] =>
  ['duration', 'retryDelay'].includes(entry[1].kind),
);

describe('a definition', () => {
  test.each([
    [{ Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/*' }],
    [
      {
        Action: ['dynamodb:Get*', 'ses:SendEmail'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:x': 'y' } },
      },
    ],
    [
      {
        Effect: 'Deny',
        Action: '*',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills these in
        Resource: 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:queue',
      },
    ],
    [{ Action: 'iam:PassRole', Resource: 'arn:aws:iam::111122223333:role/x' }],
  ])('may ask for the permission %j', (statement) => {
    expect(problemsOf({ permissions: [statement] })).toEqual([]);
  });

  test('needs nothing but run', () => {
    expect(jobProblems(defineJob({ run }))).toEqual([]);
  });

  test('may use every option to its bounds', () => {
    for (const side of ['min', 'max'] as const) {
      const durations = durationRows.map(([option, row]) => [option, row[side]]);
      const numbers = numberRows.map(([option, row]) => [option, row[side]]);
      // Each alone: all together would take longer than SQS keeps a message.
      for (const [option, value] of [...durations, ...numbers]) {
        const others = { maxAttempts: 2, batchWindow: '1s', backlogAlarmAfter: '1d' };
        const retryDelay = option === 'backlogAlarmAfter' ? { retryDelay: '0s' } : {};
        expect(problemsOf({ ...others, ...retryDelay, [String(option)]: value })).toEqual([]);
      }
    }
  });

  test.each(durationRows)('is refused when %s is no duration', (option) => {
    expect(problemsOf({ [option]: '5 minutes' })).toEqual([option]);
    expect(problemsOf({ [option]: 300 })).toEqual([option]);
    expect(problemsOf({ [option]: '-1s' })).toEqual([option]);
    expect(problemsOf({ [option]: '60.5s' })).toEqual([option]);
  });

  test.each(numberRows)('is refused when %s is beyond its bound', (option, { min, max }) => {
    expect(problemsOf({ [option]: min - 1 })).toContain(option);
    expect(problemsOf({ [option]: max + 1, batchWindow: '1s' })).toEqual([option]);
    expect(problemsOf({ [option]: min + 0.5 })).toEqual([option]);
    expect(problemsOf({ [option]: '7' })).toEqual([option]);
  });

  test.each([
    ['30s'],
    [['10s', '1m', '10m']],
    [{ initial: '10s' }],
    [{ initial: '1s', factor: 1, max: '12h', jitter: 0 }],
  ])('may retry after %j', (retryDelay) => {
    expect(problemsOf({ retryDelay })).toEqual([]);
  });

  test.each([
    [[]],
    [['10s', 'soon']],
    [['13h']],
    [{}],
    [{ initial: 'soon' }],
    [{ initial: '0s', factor: 100 }],
    [{ initial: '1s', factor: 0.5 }],
    [{ initial: '1s', max: '13h' }],
    [{ initial: '1s', jitter: 2 }],
    [{ initial: '1s', growth: 2 }],
    [null],
  ])('cannot retry after %j', (retryDelay) => {
    expect(problemsOf({ retryDelay })).toEqual(['retryDelay']);
  });

  test('is refused when its retries may take longer than SQS keeps the message', () => {
    const backlogAlarmAfter = '2d';
    expect(problemsOf({ maxAttempts: 9, retryDelay: '12h', backlogAlarmAfter })).toEqual(['maxAttempts']);
    expect(problemsOf({ maxAttempts: 8, retryDelay: '12h', backlogAlarmAfter })).toEqual([]);
    expect(problemsOf({ maxAttempts: 110, retryDelay: { initial: '1m', max: '1h' } })).toEqual([
      'maxAttempts',
    ]);
    expect(problemsOf({ maxAttempts: 200, timeout: '15m' })).toEqual(['maxAttempts']);
  });

  test('else is retried as often as it says, however long each attempt takes', () => {
    const seconds = (min: number, max: number) =>
      fc.integer({ min, max }).map((count) => `${count}s` as const);
    const jobs = fc.record({
      maxAttempts: fc.integer({ min: 2, max: 50 }),
      retryDelay: seconds(0, 42_000),
      timeout: seconds(1, 900),
      backlogAlarmAfter: fc.constant('3d' as const),
    });
    fc.assert(
      fc.property(jobs, (options) => {
        fc.pre(problemsOf(options).length === 0);
        const { maxAttempts, retryDelay, timeout } = options;
        const roundSeconds = durationSeconds(timeout) + durationSeconds(retryDelay);
        for (let attempt = 1; attempt < maxAttempts; attempt += 1) {
          const ageSeconds = attempt * roundSeconds - durationSeconds(retryDelay) - 1; // one for this test
          const attributes = { SentTimestamp: `${Date.now() - ageSeconds * 1000}` };
          const context = { attempt, maxAttempts } as JobContext;
          const message = { record: { attributes } } as JobMessage;
          const outcome = outcomeOfError(new Error('no'), defineJob({ run, ...options }), context, message);
          expect([attempt, outcome.kind]).toEqual([attempt, 'retry']);
        }
      }),
    );
  });

  test('counts the time in which a crash of the last attempt is noticed', () => {
    const options = { timeout: '15m', maxAttempts: 10, backlogAlarmAfter: '3d' };
    expect(problemsOf({ ...options, retryDelay: '36601s' })).toEqual(['maxAttempts']);
    expect(problemsOf({ ...options, retryDelay: '36600s' })).toEqual([]);
  });

  test.each([
    ['its first delays', { retryDelay: '3h', backlogAlarmAfter: '6h' }, '21630s'],
    ['its only run', { timeout: '15m', maxAttempts: 1, backlogAlarmAfter: '1m' }, '15m'],
    [
      'its two runs and the delay between',
      { timeout: '10m', maxAttempts: 2, retryDelay: '5m', backlogAlarmAfter: '25m' },
      '25m',
    ],
    [
      'long runs on Fargate',
      { compute: 'fargate', timeout: '12h', retryDelay: '1h', backlogAlarmAfter: '1d' },
      '26h',
    ],
  ])('is refused when %s would raise the backlog alarm it asks for', (_what, options, atLeast) => {
    const problems = jobProblems(defineJob({ run, ...options } as never));
    expect(problems).toMatchObject([
      { option: 'backlogAlarmAfter', bound: expect.stringContaining(`third receive, ${atLeast},`) },
    ]);
    const { backlogAlarmAfter: _, ...others } = options;
    expect(problemsOf(others)).toEqual([]);
  });

  test('is refused beyond the bounds of a duration', () => {
    expect(problemsOf({ timeout: '16m' })).toEqual(['timeout']);
    expect(problemsOf({ timeout: '0s' })).toEqual(['timeout']);
    expect(problemsOf({ alarmAfter: '15d' })).toEqual(['alarmAfter']);
  });

  test('says what was given, the bound, whose limit it is, and what to do', () => {
    expect(jobProblems(defineJob({ run, timeout: '20m' }))).toEqual([
      {
        option: 'timeout',
        given: "'20m'",
        bound: "1s to 15m (a Lambda function timeout; with compute: 'fargate' up to 12h)",
        advice: "choose a duration from '1s' to '15m'",
      },
    ]);
  });

  test.each([
    ['maxAtempts', { maxAtempts: 3 }, 'maxAttempts'],
    ['tiemout', { tiemout: '5s' }, 'timeout'],
    ['compute.cpus', { compute: { type: 'fargate', cpus: 256 } }, 'cpu'],
    ['uploads.contentType', { track: true, uploads: { contentType: 'text/csv' } }, 'contentTypes'],
    ['schedule.timeZone', { schedule: { expression: 'rate(5 minutes)', timeZone: 'UTC' } }, 'timezone'],
  ])('names the option that %s was most likely meant to be', (option, options, nearest) => {
    const [problem] = jobProblems(defineJob({ run, ...options } as never));
    const advice = `did you mean ${nearest}? Write that, or remove it`;
    expect(problem).toMatchObject({ option, bound: "an option's name", advice });
  });

  test('lists the options where none is near', () => {
    const problems = jobProblems(defineJob({ run, visibilityTimeoutInSeconds: 3 } as never));
    expect(problems).toMatchObject([{ bound: expect.stringMatching(/^one of payload, compute, .*, run$/) }]);
  });

  test.each([
    ['memory', { memory: '256' }],
    ['compute.cpu', { compute: { type: 'fargate', cpu: '256' } }],
    ['compute.max', { compute: { type: 'fargate', max: '5' } }],
    ['uploads.maxBytes', { track: true, uploads: { contentTypes: ['text/csv'], maxBytes: '9' } }],
  ])('says that %s is a number, not a text', (option, options) => {
    const problems = jobProblems(defineJob({ run, ...options } as never));
    expect(problems).toMatchObject([
      { option, advice: expect.stringMatching(/^write a whole number, not a text; choose /) },
    ]);
  });

  test.each([
    ['run', { run: undefined }],
    ['run', { run: 'later' }],
    ['payload', { payload: { friendName: 'string' } }],
    ['tiemout', { tiemout: '5s' }],
    ['batchWindow', { batchSize: 11 }],
    ['alarmWhen', { alarmWhen: 'never' }],
    ['alarmWhen', { alarmWhen: 'both' }],
    ['permissions', { permissions: 's3:*' }],
    ['permissions[0]', { permissions: [{ Action: 's3:GetObject' }] }],
    ['permissions[0]', { permissions: [{ Action: 's3GetObject', Resource: '*' }] }],
    ['permissions[0]', { permissions: [{ Action: 's3:GetObject', Resource: 'my-bucket' }] }],
    ['permissions[0]', { permissions: [{ Action: 's3:GetObject', Resource: '*', Condition: 'x' }] }],
    ['permissions[0]', { permissions: [{ actions: ['s3:GetObject'], Action: 'a', Resource: '*' }] }],
    ['idempotency', { idempotency: null }],
    ['idempotency', { idempotency: [] }],
    ['idempotency', { idempotency: '1d' }],
    ['idempotency', { idempotency: new Map([['for', '1d']]) }],
    ['idempotency', { idempotency: { key: 'invoiceId' } }],
    ['idempotency', { idempotency: { ttl: '1d' } }],
    ['idempotency', { idempotency: { for: '30s' } }],
    ['compute', { compute: null }],
    ['timeout', { timeout: Object.create(null) }],
    ['environment.FLAG', { environment: { FLAG: Symbol('on') } }],
    ['environment', { environment: 'A=1' }],
    ['environment', { environment: [] }],
    ['environment', { environment: () => 'A=1' }],
    ['environment', { environment: async () => ({ A: '1' }) }],
    ['environment.COUNT', { environment: ({ stage }: { stage: string }) => ({ STAGE: stage, COUNT: 1 }) }],
    ['environment', { environment: new Map([['A', '1']]) }],
    ['environment.A B', { environment: { 'A B': '1' } }],
    ['environment.AWS_REGION', { environment: { AWS_REGION: 'x' } }],
    ['environment.JOB_QUEUE_URL', { environment: { JOB_QUEUE_URL: 'x' } }],
    ['environment.LAMBDA_TASK_ROOT', { environment: { LAMBDA_TASK_ROOT: '/' } }],
    ['environment.COUNT', { environment: { COUNT: 1 } }],
    ['environment', { environment: { BIG: 'x'.repeat(4096) } }],
  ])('is refused for its %s: %j', (option, options) => {
    expect(problemsOf(options)).toEqual([option]);
  });
});

test('a run is remembered for as long as it may take', () => {
  expect(problemsOf({ timeout: '5m', idempotency: { for: '5m' } })).toEqual([]);
  expect(problemsOf({ compute: 'fargate', timeout: '12h', maxAttempts: 3, idempotency: {} })).toEqual([]);
  expect(jobProblems(defineJob({ run, timeout: '15m', idempotency: { for: '1m' } }))).toEqual([
    {
      option: 'idempotency.for',
      given: "'1m'",
      bound:
        "at least the job's timeout, '15m': a record that expires while the job runs lets a duplicate start",
      advice: "write idempotency: { for: '15m' } or more, or choose a shorter timeout",
    },
  ]);
});

describe('a definition for Fargate', () => {
  test.each([
    ['fargate'],
    [{ type: 'fargate' }],
    [
      {
        type: 'fargate',
        cpu: 1024,
        memory: 3072,
        min: 1,
        max: 20,
        concurrency: 4,
        spot: true,
        latency: '5m',
        messageDuration: '1m',
      },
    ],
  ])('may be %j', (compute) => {
    expect(problemsOf({ compute, timeout: '12h', maxAttempts: 3 })).toEqual([]);
  });

  test.each([
    ['compute', 'ec2'],
    ['compute', { cpu: 256 }],
    ['compute.cpus', { type: 'fargate', cpus: 1 }],
    ['compute.toString', { type: 'fargate', toString: 1 }],
    ['compute.cpu', { type: 'fargate', cpu: 300 }],
    ['compute.cpu', { type: 'fargate', cpu: '256' }],
    ['compute.cpu', { type: 'fargate', cpu: 'toString' }],
    ['compute.memory', { type: 'fargate', cpu: 256, memory: 1536 }],
    ['compute.memory', { type: 'fargate', cpu: 1024, memory: 512 }],
    ['compute.min', { type: 'fargate', min: -1 }],
    ['compute.max', { type: 'fargate', min: 5, max: 4 }],
    ['compute.max', { type: 'fargate', max: 0 }],
    ['compute.concurrency', { type: 'fargate', concurrency: 0 }],
    ['compute.spot', { type: 'fargate', spot: 'yes' }],
    ['compute.latency', { type: 'fargate', latency: '0s' }],
    ['compute.messageDuration', { type: 'fargate', messageDuration: 10 }],
  ])('is refused for its %s: %j', (option, compute) => {
    expect(problemsOf({ compute })).toEqual([option]);
  });

  test.each([
    ['batchSize', 5],
    ['batchWindow', '1s'],
    ['maxConcurrency', 2],
    ['memory', 512],
  ])('has no %s, which is Lambda’s', (option, value) => {
    expect(problemsOf({ compute: 'fargate', [option]: value })).toEqual([option]);
  });

  test('may not take longer than SQS lets a message be invisible', () => {
    expect(problemsOf({ compute: 'fargate', timeout: '13h' })).toEqual(['timeout']);
  });
});

describe('a job object', () => {
  test('is told from anything else', () => {
    expect(isJob(defineJob({ run }))).toBe(true);
    for (const value of [undefined, null, 1, 'job', {}, run, { run }]) expect(isJob(value)).toBe(false);
  });

  test('knows its name from the file that defines it, and has none elsewhere', async () => {
    const { default: greetingJob } = await import('../../jobs/GreetingJob.ts');
    expect(greetingJob.name).toBe('GreetingJob');
    expect(defineJob({ run }).name).toBeUndefined();
  });
});

describe("a job's name", () => {
  test.each(['GreetingJob', 'a', 'send-invoice', 'v2_import'])('may be %s', (name) => {
    expect(jobNameProblem(name)).toBeUndefined();
  });

  test.each([
    '',
    '1st',
    'with space',
    'dotted.name',
    'ünï',
    '-x',
    'x'.repeat(65),
    'ends-',
    'constructor',
    'toString',
    'unrouted',
    'Undelivered',
    'a-dead-letters',
  ])('cannot be %p', (name) => {
    expect(jobNameProblem(name)).toEqual(expect.any(String));
  });
});

test('an environment that cannot be made for the stage says so, with what was thrown', () => {
  const environment = ({ stage }: { stage: string }) => {
    if (stage === 'prod') throw new Error('no settings of prod');
    return { TABLE: `friends-${stage}` };
  };
  expect(jobProblems(defineJob({ run, environment }), 'test')).toEqual([]);
  expect(jobProblems(defineJob({ run, environment }), 'prod')).toMatchObject([
    { option: 'environment', given: expect.stringContaining("no settings of prod for the stage 'prod'") },
  ]);
});
