import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { reasonAttribute } from '../../../src/message/deadLetterReason.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { bundleHandler, startLambda } from './lambdaColumn.ts';
import { envelope, startPlatform, type TestPlatform, tableName } from './platform.ts';
import { killWorkerProcesses, type Line, startWorkerProcess } from './workerProcess.ts';

let bundle: Awaited<ReturnType<typeof bundleHandler>>;
beforeAll(async () => {
  bundle = await bundleHandler();
});
afterAll(() => bundle.remove());

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Case {
  readonly bodies: readonly string[];
  /** How often the message was received, by one that crashed, before the consumer begins. */
  readonly receivedBefore?: number;
  readonly isIdempotent?: boolean;
  /** Of the job; long enough for a slow machine where it is not what ends the run. @default 10 */
  readonly timeoutSeconds?: number;
  readonly expected: {
    /** How each delivery ended: its outcome and the attempt. */
    readonly outcomes: readonly string[];
    readonly effects: number;
    readonly dead: readonly object[];
  };
}

const job = (act: string, note?: string) => envelope({ act, note }, 'job-1');
const dead = (name: string, message: unknown, attempts: number, jobId: unknown = 'job-1') => ({
  name,
  message,
  attempts,
  jobId,
  jobName: 'TestJob',
});

const cases: Record<string, Case> = {
  'a job that returns': {
    bodies: [job('succeed')],
    expected: { outcomes: ['succeeded 1'], effects: 1, dead: [] },
  },
  'a job that throws, and then does not': {
    bodies: [job('throw once')],
    expected: { outcomes: ['retry 1', 'succeeded 2'], effects: 1, dead: [] },
  },
  'a job that always throws': {
    bodies: [job('throw', 'Hank')],
    expected: { outcomes: ['retry 1', 'dead 2'], effects: 0, dead: [dead('TypeError', 'throw: Hank', 2)] },
  },
  'a job that gives up': {
    bodies: [job('give up')],
    expected: { outcomes: ['dead 1'], effects: 0, dead: [dead('NonRetryableError', 'pointless', 1)] },
  },
  'a job that asks to be run later': {
    bodies: [job('come later')],
    expected: { outcomes: ['retry 1', 'succeeded 2'], effects: 1, dead: [] },
  },
  'a payload that does not fit the schema': {
    bodies: [job('dance')],
    expected: {
      outcomes: ['dead 1'],
      effects: 0,
      dead: [
        dead('InvalidPayloadError', expect.stringMatching(/^the payload does not fit TestJob: act: /), 1),
      ],
    },
  },
  'a body that is no JSON': {
    bodies: ['{"act":'],
    expected: {
      outcomes: ['dead 1'],
      effects: 0,
      dead: [
        dead('InvalidMessageError', expect.stringMatching(/^the message is no JSON/), 1, expect.any(String)),
      ],
    },
  },
  'a payload sent straight to the queue': {
    bodies: ['{"act":"succeed"}'],
    expected: { outcomes: ['succeeded 1'], effects: 1, dead: [] },
  },
  'a job that hangs until it is aborted': {
    bodies: [job('hang')],
    timeoutSeconds: 1,
    expected: {
      outcomes: ['retry 1', 'dead 2'],
      effects: 0,
      dead: [dead('AbortError', 'The operation was aborted', 2)],
    },
  },
  'a job that hangs and hears nothing': {
    bodies: [job('be deaf')],
    timeoutSeconds: 1,
    expected: {
      outcomes: ['retry 1', 'dead 2'],
      effects: 0,
      dead: [
        dead(
          'DeadlineError',
          expect.stringMatching(/^not done after \d+ ms, shortly before its timeout$/),
          2,
        ),
      ],
    },
  },
  'a message whose last attempt crashed': {
    bodies: [job('succeed')],
    receivedBefore: 2,
    expected: {
      outcomes: ['dead 2'],
      effects: 0,
      dead: [dead('LostAttemptError', expect.stringMatching(/ended without an outcome/), 2)],
    },
  },
  'an idempotent job that was published twice': {
    bodies: [job('succeed'), job('succeed')],
    isIdempotent: true,
    expected: { outcomes: ['succeeded 1', 'succeeded 1'], effects: 1, dead: [] },
  },
  'an idempotent job that failed first': {
    bodies: [job('throw once')],
    isIdempotent: true,
    expected: { outcomes: ['retry 1', 'succeeded 2'], effects: 1, dead: [] },
  },
};

type Consumer = (
  platform: TestPlatform,
  environment: Record<string, string>,
  timeoutSeconds: number,
) => { readonly lines: readonly Line[]; stop(): Promise<void> };

const columns: Record<string, Consumer> = {
  'a Lambda sandbox': (platform, environment, timeoutSeconds) =>
    startLambda(platform, bundle.directory, environment, timeoutSeconds),
  'a worker': (platform, environment, timeoutSeconds) => {
    const settings = { JOB_CONCURRENCY: '1', TIMEOUT: `${timeoutSeconds}s`, ...environment };
    const worker = startWorkerProcess(platform, settings, 'outcomeEntry.ts');
    return { lines: worker.lines, stop: killWorkerProcesses };
  },
};

describe.each(Object.entries(cases))('%s', (_name, { expected, ...given }) => {
  test.each(Object.entries(columns))('in %s', async (_column, start) => {
    const platform = await startPlatform({ maxAttempts: 2, visibilityTimeoutSeconds: 20 });
    cleanups.push(() => platform.stop());
    if (given.isIdempotent) await platform.createTable();
    for (const body of given.bodies) await platform.sendBody(body);
    for (let time = 0; time < (given.receivedBefore ?? 0); time++) await receiveAndCrash(platform);

    const environment: Record<string, string> = given.isIdempotent
      ? { JOB_IDEMPOTENCY_TABLE: tableName }
      : {};
    const consumer = start(platform, environment, given.timeoutSeconds ?? 10);
    cleanups.push(() => consumer.stop());
    const { outcomes, effects, dead } = expected;
    await until(() => ended(consumer.lines).length >= outcomes.length, 60_000);
    await until(async () => (await messagesLeft(platform)) === 0);
    expect(ended(consumer.lines)).toEqual(outcomes);
    expect(consumer.lines.filter(({ message }) => message === 'effect')).toHaveLength(effects);
    expect(await reasons(platform)).toEqual(dead.map((reason) => expect.objectContaining(reason)));
  });
});

async function receiveAndCrash({ engine, queueUrl }: TestPlatform): Promise<void> {
  const { Messages = [] } = await engine.sqs('ReceiveMessage', { QueueUrl: queueUrl });
  const [{ ReceiptHandle }] = Messages;
  await engine.sqs('ChangeMessageVisibility', { QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 });
}

function ended(lines: readonly Line[]): string[] {
  return lines.flatMap(({ outcome, attempt }) => (outcome === undefined ? [] : [`${outcome} ${attempt}`]));
}

async function messagesLeft(platform: TestPlatform): Promise<number> {
  const { visible, notVisible, delayed } = await platform.queue();
  return visible.length + notVisible.length + delayed.length;
}

async function reasons(platform: TestPlatform): Promise<object[]> {
  const { visible } = await platform.deadLetters();
  return visible.map(({ messageAttributes }) =>
    JSON.parse(messageAttributes[reasonAttribute]?.StringValue ?? 'null'),
  );
}
