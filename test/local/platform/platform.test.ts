import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AssemblyError } from '../../../local/aws/assembly/assembly.ts';
import { localCredentials } from '../../../local/aws/isolatedAws.ts';
import { NotPublishedError } from '../../../local/platform/jobs.ts';
import { type Platform, startPlatform } from '../../../local/platform/platform.ts';
import { PlatformRunningError } from '../../../local/platform/platformFile.ts';
import type { PlatformEvent } from '../../../local/platform/view.ts';
import { eventually } from '../aws/fixtures/assembly/eventually.ts';
import {
  type FixtureResource,
  handlerThatSays,
  jobResources,
  topicResource,
  writeAssembly,
} from '../aws/fixtures/assembly/writeAssembly.ts';

let root: string;
let platform: Platform | undefined;
let events: PlatformEvent[];
let generation = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'platform-'));
  events = [];
});
afterEach(async () => {
  await platform?.stop({ drainMs: 0 });
  platform = undefined;
  await rm(root, { recursive: true, force: true });
});

/** An assembly with these jobs; a job's code says the given word. */
async function assemblyOf(
  jobs: Record<string, string>,
  more: Record<string, FixtureResource> = {},
): Promise<string> {
  const hashes = Object.entries(jobs).map(([job, says]) => [job, `${job}${says}`] as const);
  const resources = hashes.map(([job, hash]) => jobResources(job, hash));
  const code = Object.entries(jobs).map(([job, says]) => [
    `${job}${says}`,
    codes[says] ?? handlerThatSays(says),
  ]);
  generation += 1;
  const Resources = Object.assign({}, topicResource, ...resources, more);
  return writeAssembly(
    join(root, `cdk.out.${generation}`),
    { test: { Resources } },
    Object.fromEntries(code),
  );
}

const codes: Record<string, string> = {
  broken: 'import "./not-there.mjs";',
  failing:
    'export const handler = async ({ Records }) => ({ batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })) });',
};

async function startWith(assemblyDirectory: string, speed = 1): Promise<Platform> {
  platform = await startPlatform({
    assemblyDirectory,
    stateDirectory: join(root, '.local'),
    port: 0,
    speed,
    onEvent: (event) => events.push(event),
  });
  return platform;
}

const said = (text: string) => events.some((event) => event.type === 'log' && event.line.text === text);
const platformFile = async () => JSON.parse(await readFile(join(root, '.local/platform.json'), 'utf8'));

test('a message published with the plain AWS SDK reaches its handler and no other', async () => {
  await startWith(await assemblyOf({ Greeting: 'hello', Other: 'other' }));
  const { endpoint, region, topicArn, jobs } = await platformFile();
  const sns = new SNSClient({
    endpoint,
    region,
    credentials: localCredentials,
  });
  await sns.send(
    new PublishCommand({
      TopicArn: topicArn,
      Message: '{"a":1}',
      MessageAttributes: { jobName: { DataType: 'String', StringValue: 'Greeting' } },
    }),
  );
  await sns.send(new PublishCommand({ TopicArn: topicArn, Message: 'no attributes' }));
  sns.destroy();
  await eventually('the handler logs', () => said('hello {"a":1}'));
  const snapshot = await eventually('the queue is empty', async () => {
    const now = await platform?.snapshot();
    return now?.jobs.every(({ visible, inFlight }) => visible + inFlight === 0) ? now : undefined;
  });
  expect(snapshot.publishes).toEqual({ Greeting: 1, '(without attributes)': 1 });
  expect(snapshot.jobs.map(({ name, functionName, dead }) => ({ name, functionName, dead }))).toEqual([
    { name: 'Greeting', functionName: 'test-Greeting', dead: 0 },
    { name: 'Other', functionName: 'test-Other', dead: 0 },
  ]);
  expect(snapshot.logLines.map(({ text }) => text)).toContain('hello {"a":1}');
  expect(events.some((event) => event.type === 'log' && event.line.text.startsWith('other'))).toBe(false);
  expect(jobs.Greeting.queueUrl).toBe(`${endpoint}/000000000000/test-Greeting`);
});

test('platform.json says what design.md says, stays true, and goes when it stops', async () => {
  await startWith(await assemblyOf({ A: 'a' }), 5);
  const { endpoint } = platform as Platform;
  expect(await platformFile()).toEqual({
    endpoint,
    region: 'us-east-1',
    topicArn: 'arn:aws:sns:us-east-1:000000000000:test',
    consoleUrl: null,
    apiUrl: null,
    filesBucket: null,
    speed: 5,
    jobs: {
      A: {
        queueUrl: `${endpoint}/000000000000/test-A`,
        deadLetterQueueUrl: `${endpoint}/000000000000/test-A-dead-letters`,
      },
    },
  });
  await platform?.announceConsole('http://127.0.0.1:9');
  await platform?.apply(await assemblyOf({ A: 'a', B: 'b' }));
  expect(await platformFile()).toMatchObject({ consoleUrl: 'http://127.0.0.1:9', jobs: { A: {}, B: {} } });
  await platform?.stop();
  expect(existsSync(join(root, '.local/platform.json'))).toBe(false);
  await expect(fetch(endpoint)).rejects.toThrow(); // the port is free again
});

test('another assembly is applied as a difference: code replaced, a job added, a job removed, messages kept', async () => {
  await startWith(await assemblyOf({ A: 'one', Gone: 'gone', Slow: 'failing' }));
  await platform?.publish({ jobName: 'A', payload: 1 });
  await platform?.publish({ jobName: 'Slow', payload: 'kept' });
  await eventually('the first version runs', () => said('one 1'));

  const result = await platform?.apply(await assemblyOf({ A: 'two', New: 'new', Slow: 'failing' }));
  expect(result?.problems).toEqual([]);
  expect(result?.updated).toEqual(['AFunction']);
  expect(result?.created).toEqual(expect.arrayContaining(['NewQueue', 'NewMapping']));
  expect(result?.deleted).toEqual([
    'GoneMapping',
    'GoneFunction',
    'GoneSubscription',
    'GoneQueue',
    'GoneDeadLetters',
  ]);

  await platform?.publish({ jobName: 'A', payload: 2 });
  await platform?.publish({ jobName: 'New', payload: 3 });
  await eventually('the new versions run', () => said('two 2') && said('new 3'));
  const snapshot = await platform?.snapshot();
  expect(snapshot?.jobs.map(({ name }) => name)).toEqual(['A', 'New', 'Slow']);
  const slow = snapshot?.jobs.find(({ name }) => name === 'Slow');
  expect((slow?.visible ?? 0) + (slow?.inFlight ?? 0)).toBe(1);
});

test('an assembly that cannot be read changes nothing', async () => {
  await startWith(await assemblyOf({ A: 'a' }));
  await expect(platform?.apply(join(root, 'nowhere'))).rejects.toThrow(AssemblyError);
  await platform?.publish({ jobName: 'A', payload: 1 });
  await eventually('it runs on', () => said('a 1'));
});

test('a bundle that does not load is told, and the neighbours run', async () => {
  await startWith(await assemblyOf({ A: 'a', Broken: 'broken' }));
  await platform?.publish({ jobName: 'Broken', payload: 1 });
  await platform?.publish({ jobName: 'A', payload: 2 });
  await eventually('A runs', () => said('a 2'));
  await eventually('the failure is told', () =>
    events.some(
      (event) =>
        event.type === 'batch' &&
        event.outcome.queueName === 'test-Broken' &&
        event.outcome.result.status === 'error',
    ),
  );
});

test('a dead letter raises its alarm, which is mailed', async () => {
  const alarm = {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: 'test-A-dead',
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['ADeadLetters', 'QueueName'] } }],
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: 'Alarms' }],
    },
  };
  const alarms = { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'test-alarms' } };
  const mail = {
    Type: 'AWS::SNS::Subscription',
    Properties: { TopicArn: { Ref: 'Alarms' }, Protocol: 'email', Endpoint: 'ops@example.com' },
  };
  await startWith(await assemblyOf({ A: 'failing' }, { Alarm: alarm, Alarms: alarms, Mail: mail }), 60);
  await platform?.publish({ jobName: 'A', payload: 1 });
  const snapshot = await eventually(
    'the mail',
    async () => {
      const now = await platform?.snapshot();
      return now?.mails.length ? now : undefined;
    },
    20_000,
  );
  expect(snapshot.alarms).toEqual([expect.objectContaining({ name: 'test-A-dead', state: 'ALARM' })]);
  expect(snapshot.mails[0]).toMatchObject({
    to: 'ops@example.com',
    subject: 'ALARM: "test-A-dead" in US East (N. Virginia)',
  });
  expect(existsSync(snapshot.mails[0]?.file ?? '')).toBe(true);
  expect(snapshot.jobs[0]?.dead).toBe(1);
}, 40_000);

test('what cannot be honoured is in the snapshot; a queue of no job too', async () => {
  await startWith(
    await assemblyOf(
      { A: 'a' },
      {
        Bus: { Type: 'AWS::Events::EventBus' },
        Unrouted: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'unrouted' } },
      },
    ),
  );
  const snapshot = await platform?.snapshot();
  expect(snapshot?.problems).toEqual([
    expect.objectContaining({ logicalId: 'Bus', type: 'AWS::Events::EventBus' }),
  ]);
  expect(snapshot?.otherQueues.map(({ queueName }) => queueName)).toEqual(['unrouted']);
});

test('a queue that its DeletionPolicy keeps is still shown when its job has gone', async () => {
  const kept = {
    ...jobResources('A', 'Aa').AQueue,
    DeletionPolicy: 'RetainExceptOnCreate',
  } as FixtureResource;
  await startWith(await assemblyOf({ A: 'a', B: 'b' }, { AQueue: kept }));
  await platform?.apply(await assemblyOf({ B: 'b' }));
  const snapshot = await platform?.snapshot();
  expect(snapshot?.jobs.map(({ name }) => name)).toEqual(['B']);
  expect(snapshot?.otherQueues.map(({ queueName }) => queueName)).toEqual(['test-A']);
});

test('publishing says what is wrong', async () => {
  await startWith(await writeAssembly(join(root, 'empty'), { test: {} }));
  await expect(platform?.publish({ jobName: 'A', payload: 1 })).rejects.toThrow(
    /no topic with job subscriptions/,
  );
  await platform?.apply(await assemblyOf({ A: 'a' }));
  const tooDeep = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000));
  for (const payload of [undefined, tooDeep]) {
    await expect(platform?.publish({ jobName: 'A', payload })).rejects.toThrow(NotPublishedError);
  }
});

test('a second platform in the directory is refused; a failed start leaves nothing', async () => {
  await startWith(await assemblyOf({ A: 'a' }));
  const again = {
    assemblyDirectory: await assemblyOf({ A: 'a' }),
    stateDirectory: join(root, '.local'),
    port: 0,
  };
  await expect(startPlatform(again)).rejects.toThrow(PlatformRunningError);
  const port = Number(new URL((platform as Platform).endpoint).port);
  await expect(startPlatform({ ...again, stateDirectory: join(root, 'elsewhere'), port })).rejects.toThrow(
    String(port),
  );
  expect(existsSync(join(root, 'elsewhere/platform.lock'))).toBe(false);
});

test('work in flight is drained when it stops', async () => {
  const slow = `export const handler = async ({ Records }) => {
    console.log('begun');
    await new Promise((resolve) => setTimeout(resolve, 400));
    console.log('done');
  };`;
  codes.slow = slow;
  await startWith(await assemblyOf({ A: 'slow' }));
  await platform?.publish({ jobName: 'A', payload: 1 });
  await eventually('it has begun', () => said('begun'));
  expect(platform?.inFlight()).toEqual({ count: 1, atMostMs: expect.any(Number) });
  expect(platform?.inFlight().atMostMs).toBeGreaterThan(0);
  await platform?.stop();
  expect(said('done')).toBe(true);
  expect(platform?.inFlight()).toEqual({ count: 0, atMostMs: 0 });
});

test('nobody finds a platform that is stopping, while work in flight is drained', async () => {
  const go = join(root, 'go');
  codes.waiting = `import { existsSync } from 'node:fs';
    export const handler = async () => {
      console.log('begun');
      while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log('done');
    };`;
  await startWith(await assemblyOf({ A: 'waiting' }));
  await platform?.publish({ jobName: 'A', payload: 1 });
  await eventually('it has begun', () => said('begun'));
  const stopped = platform?.stop();
  await eventually('platform.json is gone', () => !existsSync(join(root, '.local/platform.json')), 4_000);
  expect([platform?.inFlight().count, said('done')]).toEqual([1, false]);
  await writeFile(go, '');
  await stopped;
  expect(said('done')).toBe(true);
});

test('a listener that throws disturbs nobody', async () => {
  await startWith(await assemblyOf({ A: 'a' }));
  const heard: string[] = [];
  platform?.events.subscribe(() => {
    throw new Error('thrown on purpose');
  });
  platform?.events.subscribe(({ type }) => heard.push(type));
  await platform?.publish({ jobName: 'A', payload: 1 });
  await eventually('the batch', () => heard.includes('batch'));
  expect(heard).toEqual(expect.arrayContaining(['publish', 'log', 'batch']));
  const counts = await platform?.snapshot();
  expect(counts?.jobs[0]).toMatchObject({ visible: 0, inFlight: 0 });
});
