import assert from 'node:assert/strict';
import { text } from '../../aws/behaviours/aws.ts';
import { check, describe } from '../checks.ts';
import { world } from '../world.ts';

const deadLetters = 'jobs-dev-EchoJob-dead-letters';

/** Sends to the job's queue in one call, without SNS, so that the messages come in one batch. */
async function sendTogether(payloads: readonly { id: string }[]): Promise<void> {
  const { Successful } = await world().ministack.aws.call('sqs', 'send_message_batch', {
    QueueUrl: world().queueUrl('jobs-dev-EchoJob'),
    Entries: payloads.map((payload, index) => ({
      Id: `m${index}`,
      MessageBody: JSON.stringify(payload),
      MessageAttributes: { jobName: text('EchoJob'), jobId: text(payload.id) },
    })),
  });
  assert.equal(Successful.length, payloads.length);
}

interface Shown {
  readonly jobId: string;
  readonly reason?: { readonly error?: string; readonly message?: string };
}

async function shown(jobName = 'EchoJob'): Promise<readonly Shown[]> {
  const { exitCode, stdout, output } = await world().project.jobs(['dlq', 'show', jobName, '--json']);
  assert.equal(exitCode, 0, output);
  return JSON.parse(stdout);
}

describe('a job that fails', () => {
  check('leaves its neighbours in the batch alone: each of them runs once', async () => {
    const neighbours = Array.from({ length: 9 }, (_, index) => ({ id: `neighbour-${index}` }));
    await sendTogether([
      ...neighbours.slice(0, 4),
      { id: 'poison', end: 'give up' } as never,
      ...neighbours.slice(4),
    ]);
    await world().untilDepth(deadLetters, 1);
    await world().untilDepth('jobs-dev-EchoJob', 0);
    for (const { id } of neighbours) assert.equal((await world().runs(id)).length, 1, id);
    assert.equal((await world().runs('poison')).length, 1);
  });

  check('is a dead letter that says why, to boto3 and to the CLI', async () => {
    const { Messages } = await world().ministack.aws.call('sqs', 'receive_message', {
      QueueUrl: world().queueUrl(deadLetters),
      MessageAttributeNames: ['All'],
      VisibilityTimeout: 0,
    });
    assert.match(Messages[0].MessageAttributes.deadLetterReason.StringValue, /poison is beyond repair/);
    const { output } = await world().project.jobs(['dlq', 'show', 'EchoJob']);
    assert.match(output, /NonRetryableError/);
    assert.match(output, /poison is beyond repair/);
  });

  check('is counted by `dlq list`, and deleted by `dlq discard`', async () => {
    const list = await world().project.jobs(['dlq', 'list']);
    assert.match(list.output, /EchoJob +1 /);
    const discard = await world().project.jobs([
      'dlq',
      'discard',
      'EchoJob',
      '--error',
      'NonRetryableError',
      '--yes',
    ]);
    assert.equal(discard.exitCode, 0, discard.output);
    await world().untilDepth(deadLetters, 0);
  });

  check('comes again after its retry delay, and succeeds then', async () => {
    await world().publish('EchoJob', { id: 'second time lucky', end: 'fail once' });
    const [first, second] = await world().untilRuns('second time lucky', 2);
    assert.deepEqual([first?.attempt, second?.attempt], [1, 2]);
    const waited = (second?.at ?? 0) - (first?.at ?? 0);
    assert.ok(waited >= 2_500 && waited < 12_000, `it waited ${waited} ms for a retry delay of 3 s`);
    await world().untilDepth('jobs-dev-EchoJob', 0);
  });

  check('is dead after all its attempts', async () => {
    await world().publish('EchoJob', { id: 'always', end: 'fail' });
    await world().untilDepth(deadLetters, 1);
    assert.deepEqual(
      (await world().runs('always')).map(({ attempt }) => attempt),
      [1, 2],
    );
  });

  check('is redriven by its error, and has all its attempts again', async () => {
    const redrive = await world().project.jobs(['dlq', 'redrive', 'EchoJob', '--error', 'TypeError']);
    assert.equal(redrive.exitCode, 0, redrive.output);
    await world().untilRuns('always', 4);
    await world().untilDepth(deadLetters, 1);
  });

  check('is edited and sent back, and succeeds then', async () => {
    const [letter] = await shown();
    const edit = ['dlq', 'edit', 'EchoJob', '--id', letter?.jobId ?? '', '--payload', '{"id":"mended"}'];
    const { exitCode, output } = await world().project.jobs(edit);
    assert.equal(exitCode, 0, output);
    await world().untilRuns('mended', 1);
    await world().untilDepth(deadLetters, 0);
  });

  check('is dead at once when its payload does not fit the schema', async () => {
    await world().publish('EchoJob', { id: 7 });
    await world().untilDepth(deadLetters, 1);
    assert.match(JSON.stringify(await shown()), /InvalidPayloadError|InvalidMessageError/);
    await world().project.jobs(['dlq', 'discard', 'EchoJob', '--all', '--yes']);
    await world().untilDepth(deadLetters, 0);
  });

  check('whose process ends in the middle of it is dead with a reason after its attempts', async () => {
    await world().publish('CrashJob', { id: 'crashes' });
    await world().untilDepth('jobs-dev-CrashJob-dead-letters', 1, 90_000);
    assert.match(JSON.stringify(await shown('CrashJob')), /LostAttemptError/);
    assert.equal((await world().runs('crashes')).length, 1);
  });
});
