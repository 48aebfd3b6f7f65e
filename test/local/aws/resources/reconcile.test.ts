import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Assembly, Stack } from '../../../../local/aws/assembly/assembly.ts';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import type { LocalFunction } from '../../../../local/aws/lambda/function.ts';
import { createReconciler, type Reconciler } from '../../../../local/aws/resources/reconcile.ts';
import type { ResourceContext } from '../../../../local/aws/resources/resourceType.ts';
import { functionResource } from '../fixtures/assembly/apiResources.ts';
import { eventually } from '../fixtures/assembly/eventually.ts';

let engine: Engine;
let reconciler: Reconciler;
let functions: Map<string, LocalFunction>;
let lines: string[];
let warnings: string[];

beforeEach(async () => {
  engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  functions = new Map();
  lines = [];
  warnings = [];
  const context: Partial<ResourceContext> = {
    place: { ...engine, apiUrl: String },
    engine,
    functions,
    localVariables: {},
    inspectPortOf: () => undefined,
    onLog: ({ text }) => lines.push(text),
    onWarning: (text) => warnings.push(text),
  };
  reconciler = createReconciler(context as ResourceContext); // these templates have neither alarms nor e-mail
});
afterEach(async () => {
  await reconciler.stop(0);
  await engine.stop();
});

const queue = (QueueName: string, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName, ...more },
});
const topic = { Type: 'AWS::SNS::Topic', Properties: { TopicName: 't' } };
const subscription = (endpoint: string, more: object) => ({
  Type: 'AWS::SNS::Subscription',
  Properties: {
    TopicArn: { Ref: 'T' },
    Protocol: 'sqs',
    Endpoint: { 'Fn::GetAtt': [endpoint, 'Arn'] },
    ...more,
  },
});

function apply(Resources: object, assets = new Map<string, string>()) {
  const stack = { name: 's', template: { Resources }, assets } as unknown as Stack;
  return reconciler.apply({ directory: '/', stacks: [stack] } satisfies Assembly);
}

async function attributesOf(name: string): Promise<Record<string, string>> {
  const answer = await engine.sqs('GetQueueAttributes', {
    QueueUrl: engine.queueUrl(name),
    AttributeNames: ['All'],
  });
  return answer.Attributes;
}

async function publish(attributes: Record<string, string>, Message = 'm') {
  const entries = Object.entries(attributes).map(([name, StringValue]) => [
    name,
    { DataType: 'String', StringValue },
  ]);
  await engine.sns('Publish', {
    TopicArn: engine.topicArn('t'),
    Message,
    MessageAttributes: Object.fromEntries(entries),
  });
}

const visible = async (name: string) => (await engine.queueCounts(name))?.visible;

test('the same again changes nothing', async () => {
  const resources = { Q: queue('q'), T: topic, S: subscription('Q', {}) };
  expect(await apply(resources)).toMatchObject({ created: ['Q', 'T', 'S'], problems: [] });
  expect(await apply(resources)).toMatchObject({ created: [], updated: [], deleted: [], unchanged: 3 });
});

test('a queue is updated in place and keeps its messages; what is taken out goes back to its default', async () => {
  await apply({
    Q: queue('q', {
      VisibilityTimeout: 60,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    }),
  });
  await engine.sqs('SendMessage', { QueueUrl: engine.queueUrl('q'), MessageBody: 'kept' });
  const result = await apply({
    Q: queue('q', { MessageRetentionPeriod: 600, Tags: [{ Key: 'a', Value: '3' }] }),
  });
  expect(result).toMatchObject({ created: [], updated: ['Q'], deleted: [] });
  expect(await attributesOf('q')).toMatchObject({ VisibilityTimeout: '30', MessageRetentionPeriod: '600' });
  expect((await engine.sqs('ListQueueTags', { QueueUrl: engine.queueUrl('q') })).Tags).toEqual({ a: '3' });
  expect((await engine.inspectQueue('q'))?.visible.map(({ body }) => body)).toEqual(['kept']);
});

test('a redrive policy is attached, changed and detached', async () => {
  const policy = (maxReceiveCount: number) => ({
    RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['D', 'Arn'] }, maxReceiveCount },
  });
  await apply({ Q: queue('q', policy(2)), D: queue('d') });
  expect(JSON.parse((await attributesOf('q')).RedrivePolicy ?? '')).toEqual({
    deadLetterTargetArn: engine.queueArn('d'),
    maxReceiveCount: 2,
  });
  await apply({ Q: queue('q', policy(9)), D: queue('d') });
  expect(JSON.parse((await attributesOf('q')).RedrivePolicy ?? '').maxReceiveCount).toBe(9);
  await apply({ Q: queue('q'), D: queue('d') });
  expect((await attributesOf('q')).RedrivePolicy || undefined).toBeUndefined();
});

test('a filter policy is updated in place and taken out', async () => {
  const resources = (more: object) => ({ Q: queue('q'), T: topic, S: subscription('Q', more) });
  await apply(resources({ FilterPolicy: { jobName: ['A'] } }));
  await publish({ jobName: 'B' });
  expect(await visible('q')).toBe(0);
  expect(await apply(resources({ FilterPolicy: { jobName: ['B'] } }))).toMatchObject({
    updated: ['S'],
    problems: [],
  });
  await publish({ jobName: 'A' });
  await publish({ jobName: 'B' });
  expect(await visible('q')).toBe(1);
  expect(await apply(resources({ RawMessageDelivery: true }))).toMatchObject({
    updated: ['S'],
    problems: [],
  });
  await publish({ jobName: 'C' }, 'raw');
  expect((await engine.inspectQueue('q'))?.visible.map(({ body }) => body)).toContain('raw');
});

test('a new name is a new queue, and what pointed at the old one points at it', async () => {
  await apply({ Q: queue('old'), T: topic, S: subscription('Q', {}) });
  const result = await apply({ Q: queue('new'), T: topic, S: subscription('Q', {}) });
  expect(result).toMatchObject({ created: ['Q', 'S'], deleted: ['S', 'Q'], problems: [] });
  await publish({});
  expect(await visible('new')).toBe(1);
  expect(await engine.inspectQueue('old')).toBeUndefined();
});

test('a queue that goes with messages in it is told', async () => {
  await apply({ Q: queue('q'), Empty: queue('empty') });
  for (const MessageBody of ['a', 'b']) {
    await engine.sqs('SendMessage', { QueueUrl: engine.queueUrl('q'), MessageBody });
  }
  await engine.sqs('ReceiveMessage', { QueueUrl: engine.queueUrl('q') });
  await apply({});
  expect(warnings).toEqual(['The queue q was deleted with 2 messages in it.']);
});

test('a queue that merely moved in the template is the same queue', async () => {
  await apply({ Q: queue('q') });
  await engine.sqs('SendMessage', { QueueUrl: engine.queueUrl('q'), MessageBody: 'kept' });
  expect(await apply({ Moved: queue('q') })).toMatchObject({ created: [], deleted: [], unchanged: 1 });
  expect(await visible('q')).toBe(1);
});

describe('a policy of the template', () => {
  const send = (name: string) =>
    engine.sqs('SendMessage', { QueueUrl: engine.queueUrl(name), MessageBody: 'm' });

  test.each(['Retain', 'RetainExceptOnCreate'])(
    'DeletionPolicy %s keeps a queue that leaves it, with its messages',
    async (DeletionPolicy) => {
      await apply({
        Q: { ...queue('q'), DeletionPolicy },
        Gone: { ...queue('gone'), DeletionPolicy: 'Delete' },
      });
      await send('q');
      expect(await apply({})).toMatchObject({
        deleted: ['Gone'],
        kept: [{ path: 'Q', policy: 'DeletionPolicy' }],
        problems: [],
      });
      expect([await visible('q'), await visible('gone')]).toEqual([1, undefined]);
      expect(reconciler.resources()).toEqual([]);
      expect(reconciler.kept().map(({ name }) => name)).toEqual(['q']);
      expect(await apply({})).toMatchObject({ deleted: [], kept: [] });
    },
  );

  test('a kept queue that comes back is adopted as it is asked for now, with its messages', async () => {
    const kept = (more: object = {}) => ({ ...queue('q', more), DeletionPolicy: 'Retain' });
    await apply({ Q: kept() });
    await send('q');
    await apply({});
    expect(await apply({ Q: kept() })).toMatchObject({ created: [], updated: ['Q'], problems: [] });
    await apply({});
    expect(await apply({ Q: kept({ VisibilityTimeout: 7 }) })).toMatchObject({
      updated: ['Q'],
      problems: [],
    });
    expect((await attributesOf('q')).VisibilityTimeout).toBe('7');
    expect(await visible('q')).toBe(1);
    expect(reconciler.kept()).toEqual([]);
  });

  test('a kept queue that was deleted by hand is made anew when it comes back', async () => {
    await apply({ Q: { ...queue('q'), DeletionPolicy: 'Retain' } });
    await apply({});
    await engine.sqs('DeleteQueue', { QueueUrl: engine.queueUrl('q') });
    expect(await apply({ Q: queue('q', { VisibilityTimeout: 7 }) })).toMatchObject({ problems: [] });
    expect((await attributesOf('q')).VisibilityTimeout).toBe('7');
  });

  test('counts as it was last, even when nothing else of the resource changed', async () => {
    await apply({ Q: { ...queue('q'), DeletionPolicy: 'Retain' } });
    await apply({ Moved: queue('q') });
    expect(await apply({})).toMatchObject({ deleted: ['Q'], kept: [] });
    expect(await visible('q')).toBeUndefined();
  });

  test('UpdateReplacePolicy keeps the queue that another one replaces, and DeletionPolicy does not', async () => {
    await apply({
      Q: { ...queue('old'), UpdateReplacePolicy: 'Retain' },
      R: { ...queue('other'), DeletionPolicy: 'Retain' },
    });
    expect(await apply({ Q: queue('new'), R: queue('another') })).toMatchObject({
      created: ['Q', 'R'],
      deleted: ['R'],
      kept: [{ path: 'Q', policy: 'UpdateReplacePolicy' }],
    });
    expect([await visible('old'), await visible('other')]).toEqual([0, undefined]);
  });
});

test('a function that leaves the template may finish what it runs', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'function-'));
  const code = `import { existsSync } from 'node:fs';
    export const handler = async () => {
      console.log('begun');
      while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 5));
      return 'finished';
    };`;
  await writeFile(join(directory, 'index.mjs'), code);
  await apply({ F: functionResource('hash', { FunctionName: 'f' }) }, new Map([['hash', directory]]));
  const result = functions.get('f')?.invoke('{}');
  await eventually('it has begun', () => lines.includes('begun'));
  const applied = apply({});
  await eventually('it takes no more', () => !functions.has('f'));
  await writeFile(join(directory, 'go'), '');
  expect(await result).toMatchObject({ status: 'ok', payload: '"finished"' });
  expect(await applied).toMatchObject({ deleted: ['F'], problems: [] });
  await rm(directory, { recursive: true });
});

test('what fails is reported, leaves the rest running, and is tried again', async () => {
  const result = await apply({
    Bad: queue('no spaces allowed', { VisibilityTimeout: 99_999 }),
    Good: queue('good'),
  });
  expect(result.created).toEqual(['Good']);
  expect(result.problems).toEqual([
    expect.objectContaining({
      logicalId: 'Bad',
      why: expect.stringMatching(/^could not be created: SQS CreateQueue/),
    }),
  ]);
  expect(await apply({ Bad: queue('fine-now'), Good: queue('good') })).toMatchObject({
    created: ['Bad'],
    unchanged: 1,
    problems: [],
  });
});

test('an edit that cannot be resolved leaves what runs alone', async () => {
  await apply({ Q: queue('q') });
  const result = await apply({ Q: queue('q', { DelaySeconds: { 'Fn::Nope': 1 } }) });
  expect(result).toMatchObject({
    updated: [],
    deleted: [],
    problems: [expect.objectContaining({ logicalId: 'Q' })],
  });
  expect(await visible('q')).toBe(0);
});

test('two of one name are one, and that is said', async () => {
  const { created, problems } = await apply({ A: queue('q'), B: queue('q') });
  expect(created).toEqual(['A']);
  expect(problems).toEqual([
    expect.objectContaining({ logicalId: 'B', why: expect.stringContaining('defined twice') }),
  ]);
});
