import assert from 'node:assert/strict';
import { DeleteMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { type Aws, text } from './aws.ts';
import { issues, rowsOf } from './behaviour.ts';
import type { Consumer, ConsumerSpec } from './hosts.ts';

const { rows, met } = rowsOf('mapping', issues.engine);

export { rows as mapping };

/** The function, queues and mapping of each row, by the row's name. */
export const consumers: Record<string, ConsumerSpec> = {};

const dg = 'https://docs.aws.amazon.com/lambda/latest/dg';
const page = `${dg}/with-sqs.html`;
const errors = `${dg}/services-sqs-errorhandling.html`;

/** A record as the function gets it. */
interface Handed {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** Messages of a consumer, and what its function has got of them, a batch an element. */
class Trial {
  readonly batches: Handed[][] = [];
  readonly consumer: Consumer;
  readonly #aws: Aws;

  constructor(aws: Aws, consumer: Consumer) {
    this.#aws = aws;
    this.consumer = consumer;
  }

  /** Sends them in one call, so that they come in one batch where the mapping gathers. */
  async send(...contents: readonly object[]): Promise<void> {
    const Entries = contents.map((content, index) => ({
      Id: `e${index}`,
      MessageBody: JSON.stringify(content),
      MessageAttributes: { kind: text('tried') },
    }));
    await this.#aws.sqs.send(new SendMessageBatchCommand({ QueueUrl: this.consumer.queue, Entries }));
  }

  /** Waits until the function has got so many records, then as long as one more could still come. */
  async handed(count: number): Promise<Handed[]> {
    const { batches: QueueUrl } = this.consumer;
    let end = Date.now() + 60_000;
    while (Date.now() < end) {
      for (const { Body = '', ReceiptHandle } of await this.#aws.receive(QueueUrl, { WaitTimeSeconds: 1 })) {
        this.batches.push(JSON.parse(Body));
        await this.#aws.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      if (this.batches.flat().length >= count) end = Math.min(end, Date.now() + 14_000);
    }
    return this.batches.flat();
  }

  /** How often the function got each message. */
  async counts(count: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { body } of await this.handed(count)) {
      const { n } = JSON.parse(body) as { n: string };
      counts[n] = (counts[n] ?? 0) + 1;
    }
    return counts;
  }
}

function row(
  name: string,
  source: string,
  spec: Partial<ConsumerSpec>,
  run: (trial: Trial, aws: Aws) => Promise<void>,
) {
  consumers[name] = { batchSize: 10, windowSeconds: 1, reportsFailures: true, maxReceiveCount: 100, ...spec };
  met(name, source, async (aws) => run(new Trial(aws, await aws.consumer(name)), aws));
}

/** Of two messages in a batch, the first decides once what the function answers. */
function answer(
  name: string,
  content: object,
  expected: Record<string, number>,
  spec: Partial<ConsumerSpec> = {},
) {
  row(name, errors, spec, async (trial) => {
    await trial.send({ n: 'first', ...content }, { n: 'second' });
    const sum = Object.values(expected).reduce((a, b) => a + b);
    assert.deepEqual(await trial.counts(sum), expected);
  });
}

const once = { first: 1, second: 1 };
const again = { first: 2, second: 2 };

answer('An answer without failures deletes the batch', { answer: { batchItemFailures: [] } }, once);
answer('An empty answer deletes the batch', { answer: {} }, once);
answer('The answer null deletes the batch', { answer: null }, once);
answer(
  'An answer whose batchItemFailures is null deletes the batch',
  { answer: { batchItemFailures: null } },
  once,
);
answer(
  'A message that is reported comes again, and its neighbour does not',
  { answer: { batchItemFailures: [{ itemIdentifier: '$id' }] } },
  { first: 2, second: 1 },
);
answer('A function that throws gets the whole batch again', { throws: true }, again);
for (const [what, itemIdentifier] of [
  ['an empty', ''],
  ['an unknown', '00000000-0000-4000-8000-000000000000'],
  ['a null', null],
] as const) {
  const failures = { answer: { batchItemFailures: [{ itemIdentifier }] } };
  answer(`An answer with ${what} itemIdentifier fails the whole batch`, failures, again);
}
answer(
  'An answer whose failures have another key fails the whole batch',
  { answer: { batchItemFailures: [{ messageId: '$id' }] } },
  again,
);
answer(
  'Without ReportBatchItemFailures the answer means nothing',
  { answer: { batchItemFailures: [{ itemIdentifier: '$id' }] } },
  once,
  { reportsFailures: false },
);
answer(
  'Without ReportBatchItemFailures a function that throws gets the whole batch again',
  { throws: true },
  again,
  {
    reportsFailures: false,
  },
);

row('A batch has at most BatchSize messages', page, { batchSize: 2, windowSeconds: 0 }, async (trial) => {
  await trial.send(...Array.from({ length: 6 }, (_, n) => ({ n: String(n) })));
  assert.equal((await trial.handed(6)).length, 6);
  for (const batch of trial.batches) assert.ok(batch.length <= 2, `a batch of ${batch.length}`);
});
row(
  'A batching window gathers what comes within it',
  page,
  { batchSize: 10, windowSeconds: 2 },
  async (trial) => {
    await trial.send({ n: '1' });
    await trial.send({ n: '2' });
    await trial.handed(2);
    assert.deepEqual(
      trial.batches.map(({ length }) => length),
      [2],
    );
  },
);
row('A record carries the message as SQS has it', page, {}, async (trial, aws) => {
  await trial.send({ n: '1' });
  const [record] = await trial.handed(1);
  assert.deepEqual(JSON.parse(record?.body ?? ''), { n: '1' });
  assert.equal(record?.eventSource, 'aws:sqs');
  assert.equal(record?.eventSourceARN, await aws.queueArn(trial.consumer.queue));
  assert.equal(record?.awsRegion, aws.endpoint.region);
  assert.equal(record?.attributes.ApproximateReceiveCount, '1');
  for (const name of ['SenderId', 'SentTimestamp', 'ApproximateFirstReceiveTimestamp'])
    assert.ok(record?.attributes[name], name);
  for (const name of ['messageId', 'receiptHandle', 'md5OfBody']) assert.ok(record?.[name], name);
  const { kind } = (record?.messageAttributes ?? {}) as Record<string, Record<string, unknown>>;
  assert.deepEqual([kind?.dataType, kind?.stringValue], ['String', 'tried']);
});
row('A message that comes again has its receive count in the record', page, {}, async (trial) => {
  await trial.send({ n: '1', throws: true });
  const counts = (await trial.handed(2)).map(({ attributes }) => attributes.ApproximateReceiveCount);
  assert.deepEqual(counts, ['1', '2']);
});
row(
  'A message that fails maxReceiveCount times goes to the dead-letter queue',
  errors,
  { maxReceiveCount: 2 },
  async (trial, aws) => {
    await trial.send({ n: '1', throws: true, times: 9 });
    await trial.handed(2);
    const { Body = '' } = await aws.one(trial.consumer.deadLetters, { WaitTimeSeconds: 20 });
    assert.equal(JSON.parse(Body).n, '1');
    assert.equal(trial.batches.flat().length, 2);
  },
);
