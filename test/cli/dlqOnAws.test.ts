import { readFile } from 'node:fs/promises';
import { SNSClient } from '@aws-sdk/client-sns';
import { type Message, SQS } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readLetter } from '../../cli/dlq/letter.ts';
import { letterText } from '../../cli/dlq/letterText.ts';
import { oldestOf } from '../../cli/dlq/list.ts';
import {
  type Depth,
  findDeadLetterQueue,
  jobNames,
  listDeadLetterQueues,
  queueArn,
} from '../../cli/dlq/queues.ts';
import { deleteLetters, sendToQueue } from '../../cli/dlq/sendLetters.ts';
import { explain, type Permissions, permissions } from '../../cli/dlq/session.ts';
import { publishToTopic } from '../../cli/dlq/throughTopic.ts';
import type { Target } from '../../cli/target.ts';
import { localCredentials as credentials } from '../../local/aws/isolatedAws.ts';
import { type DlqPlatform, envelope, names, reason, startDlqPlatform } from './dlqPlatform.ts';

/** A deployed platform of which only the topic is known. */
const deployed: Target = {
  name: 'stack jobs-dev',
  topicArn: 'arn:aws:sns:us-east-1:000000000000:jobs-dev',
  clientConfig: { region: 'us-east-1' },
  jobs: undefined,
};

const queueOf = (name: string) => ({
  name,
  queueUrl: `https://sqs.us-east-1.amazonaws.com/123456789012/jobs-dev-${name}-dead-letters`,
  jobQueueUrl: `https://sqs.us-east-1.amazonaws.com/123456789012/jobs-dev-${name}`,
});

const letterOf = (message: Message) =>
  readLetter({ MessageId: 'm-1', ReceiptHandle: 'r-1', Attributes: { SentTimestamp: '1000' }, ...message });

describe('where only the topic is known', () => {
  let platform: DlqPlatform;
  let sqs: SQS;
  let sns: SNSClient;
  beforeEach(async () => {
    platform = await startDlqPlatform();
    const config = { endpoint: platform.engine.endpoint, region: 'us-east-1', credentials };
    sqs = new SQS(config);
    sns = new SNSClient(config);
  });
  afterEach(async () => {
    sqs.destroy();
    sns.destroy();
    await platform.close();
  });

  test('the queues are found by their names', async () => {
    const queues = await listDeadLetterQueues(deployed, sqs);
    expect(queues.map(({ name }) => name)).toEqual(['GreetingJob', 'PushupsJob', 'unrouted', 'undelivered']);
    expect(queues[0]).toEqual({
      name: 'GreetingJob',
      queueUrl: platform.engine.queueUrl(names.dead),
      jobQueueUrl: platform.engine.queueUrl(names.queue),
    });
    expect(await jobNames(deployed, sqs)).toEqual(['GreetingJob', 'PushupsJob']);
    expect(queueArn(deployed, queues[0]?.queueUrl ?? '')).toBe(platform.engine.queueArn(names.dead));
    await expect(findDeadLetterQueue(deployed, sqs, 'unroutd')).rejects.toThrow(/Did you mean unrouted\?/);
  });

  test('publishing takes what it can, and what SNS refuses stays with its reason', async () => {
    const big = letterOf({
      MessageId: 'big',
      Body: 'x'.repeat(300_000),
      MessageAttributes: { jobName: { DataType: 'String', StringValue: 'GreetingJob' } },
    });
    const good = letterOf({ MessageId: 'good', Body: envelope({ friendName: 'Hank' }, 'g-1') });
    const send = publishToTopic(sns, deployed.topicArn, ['GreetingJob']);
    const { sent, failed } = await send([big, good]);
    expect(sent.map(({ messageId }) => messageId)).toEqual(['good']);
    expect(failed.map(({ letter, why }) => [letter.messageId, why])).toEqual([
      ['big', expect.stringMatching(/BatchRequestTooLong/)],
    ]);
    expect(await platform.bodies(names.queue)).toHaveLength(1);
  });

  test('a large batch is sent in several calls, and a message that SQS refuses is told apart', async () => {
    const letters = Array.from({ length: 9 }, (_, index) =>
      letterOf({ MessageId: `m-${index}`, ReceiptHandle: `r-${index}`, Body: String(index).repeat(300_000) }),
    );
    const broken = letterOf({ MessageId: 'broken', Body: 'a\u0001' });
    const send = sendToQueue(sqs, platform.engine.queueUrl(names.queue));
    const { sent, failed } = await send([...letters, broken]);
    expect(sent.map(({ messageId }) => messageId)).toEqual(letters.map(({ messageId }) => messageId));
    expect(failed.map(({ letter, why }) => [letter.messageId, why])).toEqual([
      ['broken', expect.stringMatching(/^InvalidMessageContents: /)],
    ]);
  });
});

test('a call that SQS refuses is a failure of its letters, and the others go on; one without an answer ends it', async () => {
  const letters = ['a', 'b', 'c'].map((id) => letterOf({ MessageId: id, Body: 'x'.repeat(700_000) }));
  const refused = Object.assign(new Error('too long'), { name: 'BatchRequestTooLong', $fault: 'client' });
  const send = (error: Error) => {
    let calls = 0;
    return sendToQueue(
      {
        sendMessageBatch: async () => {
          calls += 1;
          if (calls === 2) throw error;
          return { Successful: [{ Id: '0', MessageId: 'm', MD5OfMessageBody: '' }] };
        },
      },
      'url',
    )(letters);
  };
  expect(await send(refused)).toEqual({
    sent: [letters[0], letters[2]],
    failed: [{ letter: letters[1], why: 'BatchRequestTooLong: too long' }],
  });
  for (const error of [
    new Error('socket hang up'),
    Object.assign(new Error('no'), { name: 'AccessDenied', $fault: 'client' }),
    Object.assign(new Error('old'), { name: 'ExpiredToken', $fault: 'client' }),
    Object.assign(new Error('gone'), { name: 'QueueDoesNotExist', $fault: 'client' }),
    Object.assign(new Error('try again'), { name: 'ServiceUnavailable', $fault: 'server' }),
  ]) {
    expect(await send(error)).toEqual({ sent: [letters[0]], failed: [], error });
  }
});

test('an entry that SQS refuses to delete is a failure of that letter alone', async () => {
  const letters = ['a', 'b'].map((id) => letterOf({ MessageId: id, ReceiptHandle: id, Body: '{}' }));
  const sqs = {
    deleteMessageBatch: async () => ({
      Successful: [{ Id: '1' }],
      Failed: [{ Id: '0', Code: 'ReceiptHandleIsInvalid', Message: 'expired', SenderFault: true }],
    }),
  };
  expect(await deleteLetters(sqs, 'url', letters)).toEqual({
    deleted: [letters[1]],
    failed: [{ letter: letters[0], why: 'ReceiptHandleIsInvalid: expired' }],
  });
});

test('ages come from CloudWatch, all queues in one call, and are unknown where it has no data', async () => {
  const depth = (name: string, waiting: number): Depth => ({
    queue: queueOf(name),
    waiting,
    inFlight: 0,
    retentionSeconds: 1_209_600,
  });
  const calls: (string | undefined)[][] = [];
  const oldest = await oldestOf(deployed, [depth('A', 3), depth('B', 0), depth('C', 1)], async (input) => {
    calls.push(
      (input.MetricDataQueries ?? []).map(({ MetricStat }) => MetricStat?.Metric?.Dimensions?.[0]?.Value),
    );
    return {
      MetricDataResults: [
        { Id: 'age0', Values: [3600, 3540] },
        { Id: 'age1', Values: [] },
      ],
    };
  });
  expect(calls).toEqual([['jobs-dev-A-dead-letters', 'jobs-dev-C-dead-letters']]);
  expect([...oldest]).toEqual([
    [queueOf('A').queueUrl, { ageSeconds: 3600, expiresInSeconds: 1_206_000 }],
    [queueOf('C').queueUrl, { ageSeconds: undefined, expiresInSeconds: undefined }],
  ]);
});

test('a letter’s log is a command that shows the lines of that invocation', () => {
  const letter = letterOf({
    Body: envelope({ friendName: 'Hank' }, 'job-1'),
    MessageAttributes: {
      deadLetterReason: { DataType: 'String', StringValue: JSON.stringify(reason()) },
    },
  });
  expect(letterText(letter, queueOf('GreetingJob'), deployed)).toContain(
    `aws logs filter-log-events --region us-east-1 --log-group-name /aws/lambda/jobs-dev-GreetingJob --log-stream-names '2026/11/20/[$LATEST]abc' --filter-pattern '"request-1"'`,
  );
});

test('what AWS refuses is one line that says what to do, and a bug is none', () => {
  const work = { command: 'show', target: deployed, queue: queueOf('GreetingJob') } as const;
  const error = (name: string, message = 'said AWS') =>
    Object.assign(new Error(message), { name, $metadata: {} });
  expect(explain(error('AccessDenied'), work)).toBe(
    'no permission: dlq show needs sqs:GetQueueUrl, sqs:GetQueueAttributes, sqs:ReceiveMessage, ' +
      'sqs:ChangeMessageVisibility on arn:aws:sqs:us-east-1:123456789012:jobs-dev-GreetingJob-dead-letters. AWS says: said AWS',
  );
  expect(explain(error('AccessDenied', 'User: x is not authorized.'), work)).toMatch(
    / AWS says: User: x is not authorized$/,
  );
  expect(explain(error('QueueDoesNotExist'), work)).toMatch(/^the queue jobs-dev-.* does not exist/);
  expect(explain(error('CredentialsProviderError'), work)).toMatch(/AWS_PROFILE/);
  expect(explain(error('ExpiredToken'), work)).toMatch(/sign in again/);
  expect(explain(error('OverLimit'), work)).toMatch(/120,000 messages in flight/);
  expect(explain(Object.assign(new Error('connect'), { code: 'ENOTFOUND' }), work)).toMatch(
    /^AWS cannot be reached/,
  );
  expect(explain(error('InternalError', 'two\nlines'), work)).toBe(
    'the queue jobs-dev-GreetingJob-dead-letters: InternalError: two lines',
  );
  expect(explain(new TypeError('a bug'), work)).toBeUndefined();
});

test('the guide names the permissions that the commands ask for', async () => {
  const guide = await readFile(new URL('../../docs/when-a-job-fails.md', import.meta.url), 'utf8');
  for (const [command, needed] of Object.entries<Permissions>(permissions)) {
    const row = guide.split('\n').find((line) => line.startsWith(`| \`${command}\` |`)) ?? '';
    const named = [...row.matchAll(/`((?:sqs|sns|cloudwatch):\w+)`/g)].map(([, action]) => action);
    const { onDeadLetterQueue, onJobQueue = [], onTopic = [], onAnything = [] } = needed;
    expect([command, named]).toEqual([
      command,
      [...onDeadLetterQueue, ...onJobQueue, ...onTopic, ...onAnything],
    ]);
  }
});
