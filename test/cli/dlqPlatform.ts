import { spawn } from 'node:child_process';
import { type Engine, startEngine } from '../../local/aws/engine/engine.ts';
import type { DeadLetterReason } from '../../src/message/deadLetterReason.ts';
import { type Ended, processEnvironment, runJobs, runJobsProcess, startDirectory } from './jobsCommand.ts';
import { program } from './jobsProject.ts';

/** A platform's topic and queues on the real engine, without functions that would consume them. */
export interface DlqPlatform {
  readonly engine: Engine;
  readonly directory: string;
  /** Puts dead letters into a queue, as the runtime sends them. */
  bury(queueName: string, letters: readonly BuriedLetter[]): Promise<void>;
  publish(message: string, attributes: Readonly<Record<string, string>>): Promise<string>;
  /** The bodies in a queue, in flight or not. */
  bodies(queueName: string): Promise<string[]>;
  run(...words: string[]): Promise<Ended>;
  /** Runs the CLI with standard input. */
  runWith(input: string, ...words: string[]): Promise<Ended>;
  /** Runs the CLI as a process, for what only that shows: its exit code, and that it ends. */
  runProcess(input: string, ...words: string[]): Promise<Ended>;
  close(): Promise<void>;
}

export interface BuriedLetter {
  readonly body: string;
  readonly reason?: Partial<DeadLetterReason> | string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export const names = {
  queue: 'jobs-dev-GreetingJob',
  dead: 'jobs-dev-GreetingJob-dead-letters',
  unrouted: 'jobs-dev-unrouted',
  undelivered: 'jobs-dev-undelivered',
} as const;

const jobs = ['GreetingJob', 'PushupsJob'];

export async function startDlqPlatform({ speed = 1 } = {}): Promise<DlqPlatform> {
  const engine = await startEngine({ port: 0, region: 'us-east-1', speed });
  const { TopicArn: topicArn } = await engine.sns('CreateTopic', { Name: 'jobs-dev' });
  await createQueues(engine, topicArn);
  const directory = await startDirectory({
    endpoint: engine.endpoint,
    region: 'us-east-1',
    topicArn,
    speed,
    jobs: Object.fromEntries(
      jobs.map((name) => [
        name,
        {
          queueUrl: engine.queueUrl(`jobs-dev-${name}`),
          deadLetterQueueUrl: engine.queueUrl(`jobs-dev-${name}-dead-letters`),
        },
      ]),
    ),
  });
  return {
    engine,
    directory: directory.path,
    bury: (queueName, letters) => bury(engine, queueName, letters),
    async publish(Message, attributes) {
      const { MessageId } = await engine.sns('Publish', {
        TopicArn: topicArn,
        Message,
        MessageAttributes: texts(attributes),
      });
      return MessageId;
    },
    async bodies(queueName) {
      const state = await engine.inspectQueue(queueName);
      return [...(state?.visible ?? []), ...(state?.notVisible ?? [])].map(({ body }) => body);
    },
    run: (...words) => runJobs(directory.path, ['dlq', ...words]),
    runWith: (input, ...words) => runJobs(directory.path, ['dlq', ...words], input),
    runProcess: (input, ...words) => runJobsProcess(directory.path, ['dlq', ...words], input),
    async close() {
      await engine.stop();
      await directory.remove();
    },
  };
}

/** SNS's envelope around a payload. */
export function envelope(payload: unknown, jobId: string, messageId = `sns-${jobId}`): string {
  return JSON.stringify({
    Type: 'Notification',
    MessageId: messageId,
    TopicArn: 'arn:aws:sns:us-east-1:000000000000:jobs-dev',
    Message: JSON.stringify(payload),
    MessageAttributes: {
      jobName: { Type: 'String', Value: 'GreetingJob' },
      jobId: { Type: 'String', Value: jobId },
    },
  });
}

export function reason(overrides: Partial<DeadLetterReason> = {}): DeadLetterReason {
  return {
    name: 'TypeError',
    message: 'friend is undefined',
    stack: 'TypeError: friend is undefined\n    at run (/var/task/index.mjs:7:3)',
    attempts: 5,
    jobName: 'GreetingJob',
    jobId: 'a-job',
    firstFailureAt: '2026-11-20T10:00:00.000Z',
    lastFailureAt: '2026-11-20T10:02:00.000Z',
    requestId: 'request-1',
    logGroup: '/aws/lambda/jobs-dev-GreetingJob',
    logStream: '2026/11/20/[$LATEST]abc',
    codeVersion: 'v7',
    ...overrides,
  };
}

/** The CLI as a process that a test can end; without standard input, unless the test types. */
export function startJobs(
  cwd: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { types = false } = {},
) {
  const child = spawn(process.execPath, [program, ...words], {
    cwd,
    env: { ...processEnvironment, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (!types) child.stdin.end();
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const { promise: ended, resolve } = Promise.withResolvers<number | NodeJS.Signals | null>();
  child.once('close', (code, signal) => resolve(signal ?? code));
  return { child, output, ended };
}

async function createQueues(engine: Engine, TopicArn: string): Promise<void> {
  for (const name of ['unrouted', 'undelivered']) await createQueue(engine, `jobs-dev-${name}`);
  for (const name of jobs) {
    await createQueue(engine, `jobs-dev-${name}-dead-letters`);
    const deadLetterTargetArn = engine.queueArn(`jobs-dev-${name}-dead-letters`);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 6 });
    await createQueue(engine, `jobs-dev-${name}`, { RedrivePolicy });
    await subscribe(engine, TopicArn, `jobs-dev-${name}`, { jobName: [name] });
  }
  const others = [{ 'anything-but': jobs }, { exists: false }];
  await subscribe(engine, TopicArn, names.unrouted, { jobName: others });
}

async function createQueue(engine: Engine, QueueName: string, attributes = {}): Promise<void> {
  await engine.sqs('CreateQueue', {
    QueueName,
    Attributes: { MessageRetentionPeriod: '1209600', ...attributes },
  });
}

async function subscribe(engine: Engine, TopicArn: string, queueName: string, policy: object): Promise<void> {
  await engine.sns('Subscribe', {
    TopicArn,
    Protocol: 'sqs',
    Endpoint: engine.queueArn(queueName),
    Attributes: { FilterPolicy: JSON.stringify(policy) },
  });
}

async function bury(engine: Engine, queueName: string, letters: readonly BuriedLetter[]): Promise<void> {
  for (let first = 0; first < letters.length; first += 10) {
    const Entries = letters.slice(first, first + 10).map(({ body, reason, attributes }, index) => ({
      Id: String(index),
      MessageBody: body,
      MessageAttributes: texts({
        ...attributes,
        ...(reason !== undefined && {
          deadLetterReason: typeof reason === 'string' ? reason : JSON.stringify(reason),
        }),
      }),
    }));
    await engine.sqs('SendMessageBatch', { QueueUrl: engine.queueUrl(queueName), Entries });
  }
}

function texts(attributes: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}
