import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  AddPermissionCommand,
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  type MessageAttributeValue,
  PurgeQueueCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from '@aws-sdk/client-sqs';
import { eventually } from '../../local/aws/fixtures/assembly/eventually.ts';
import { type Aws, text } from './aws.ts';
import { issues, recorded, refused, rowsOf, verified } from './behaviour.ts';

const { rows, met, unmet } = rowsOf('sqs', issues.engine);

export { rows as sqs };

const docs = 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest';
const api = (action: string) => `${docs}/APIReference/API_${action}.html`;
const guide = (page: string) => `${docs}/SQSDeveloperGuide/${page}.html`;
const quotas = guide('quotas-messages');

const md5 = (value: string | Buffer) => createHash('md5').update(value).digest('hex');
const entries = (count: number, MessageBody = 'x') =>
  Array.from({ length: count }, (_, index) => ({ Id: `e${index}`, MessageBody }));

/** Of String and Number attributes: names, types and values with their lengths before them, sorted by name. */
function md5OfAttributes(attributes: Record<string, MessageAttributeValue>): string {
  const sized = (value: string) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const parts = Object.keys(attributes)
    .sort()
    .flatMap((name) => {
      const { DataType = '', StringValue = '' } = attributes[name] ?? {};
      return [sized(name), sized(DataType), Buffer.from([1]), sized(StringValue)];
    });
  return md5(Buffer.concat(parts));
}

async function receipt(aws: Aws, more: Record<string, string> = {}) {
  const QueueUrl = await aws.queue(more);
  await aws.send(QueueUrl, 'x');
  const { ReceiptHandle = '' } = await aws.one(QueueUrl);
  return { QueueUrl, ReceiptHandle };
}

// Queues

met('A queue is made again with the same attributes: the same URL', api('CreateQueue'), async (aws) => {
  const QueueName = aws.name();
  const first = await aws.queue({ VisibilityTimeout: '7' }, QueueName);
  assert.equal(await aws.queue({ VisibilityTimeout: '7' }, QueueName), first);
});
unmet('A queue is not made again with other attributes: QueueAlreadyExists', recorded, async (aws) => {
  const QueueName = aws.name();
  await aws.queue({ VisibilityTimeout: '7' }, QueueName);
  const again = new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: '8' } });
  await refused(aws.sqs.send(again), 'QueueAlreadyExists');
});
unmet('A queue name has at most 80 characters', api('CreateQueue'), (aws) =>
  refused(aws.queue({}, 'q'.repeat(81)), 'InvalidParameterValue'),
);
unmet('A queue name has letters, digits, hyphens and underscores only', api('CreateQueue'), (aws) =>
  refused(aws.queue({}, 'bad name!'), 'InvalidParameterValue'),
);
met('GetQueueUrl of a queue that does not exist is refused', api('GetQueueUrl'), (aws) =>
  refused(aws.sqs.send(new GetQueueUrlCommand({ QueueName: aws.name() })), 'QueueDoesNotExist'),
);
met('ListQueues finds queues by the beginning of their name', api('ListQueues'), async (aws) => {
  const QueueNamePrefix = aws.name();
  const url = await aws.queue({}, `${QueueNamePrefix}-a`);
  assert.deepEqual((await aws.sqs.send(new ListQueuesCommand({ QueueNamePrefix }))).QueueUrls, [url]);
});
unmet('ListQueues that finds none answers without the list', recorded, async (aws) => {
  const { QueueUrls } = await aws.sqs.send(new ListQueuesCommand({ QueueNamePrefix: aws.name() }));
  assert.equal(QueueUrls, undefined);
});
for (const [attribute, value] of Object.entries({
  VisibilityTimeout: '30',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  DelaySeconds: '0',
  ReceiveMessageWaitTimeSeconds: '0',
})) {
  met(`A queue has ${attribute} ${value} by default`, api('SetQueueAttributes'), async (aws) => {
    assert.equal((await aws.attributes(await aws.queue()))[attribute], value);
  });
}
unmet('GetQueueAttributes of a name that is no attribute is refused', verified, async (aws) => {
  const request = { QueueUrl: await aws.queue(), AttributeNames: ['Nope' as QueueAttributeName] };
  await refused(aws.sqs.send(new GetQueueAttributesCommand(request)), 'InvalidAttributeName');
});
unmet('GetQueueAttributes without names answers without attributes', verified, async (aws) => {
  const { Attributes } = await aws.sqs.send(new GetQueueAttributesCommand({ QueueUrl: await aws.queue() }));
  assert.equal(Attributes, undefined);
});
met('SetQueueAttributes changes what GetQueueAttributes answers', api('SetQueueAttributes'), async (aws) => {
  const QueueUrl = await aws.queue();
  await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '77' } }));
  assert.equal((await aws.attributes(QueueUrl)).VisibilityTimeout, '77');
});
unmet('SetQueueAttributes makes no queue FIFO', recorded, async (aws) => {
  const request = { QueueUrl: await aws.queue(), Attributes: { FifoQueue: 'true' } };
  await refused(aws.sqs.send(new SetQueueAttributesCommand(request)), 'InvalidAttributeName');
});
unmet('An empty Policy removes it', recorded, async (aws) => {
  const QueueUrl = await aws.queue({
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' }],
    }),
  });
  await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: '' } }));
  assert.equal((await aws.attributes(QueueUrl)).Policy, undefined);
});
met('Tags are set, listed and removed', api('TagQueue'), async (aws) => {
  const QueueUrl = await aws.queue();
  await aws.sqs.send(new TagQueueCommand({ QueueUrl, Tags: { job: 'A', stage: 'dev' } }));
  await aws.sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: ['stage'] }));
  assert.deepEqual((await aws.sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags, { job: 'A' });
});
unmet('ListQueueTags of a queue without tags answers without the map', recorded, async (aws) => {
  const { Tags } = await aws.sqs.send(new ListQueueTagsCommand({ QueueUrl: await aws.queue() }));
  assert.equal(Tags, undefined);
});
met('A call for a queue that does not exist is refused', api('SendMessage'), async (aws) => {
  const url = await aws.queue();
  await refused(aws.send(`${url}-not`, 'x'), 'QueueDoesNotExist');
});
unmet('Permissions are added to a queue', api('AddPermission'), async (aws) => {
  const QueueUrl = await aws.queue();
  const account = (await aws.queueArn(QueueUrl)).split(':')[4] ?? '';
  await aws.sqs.send(
    new AddPermissionCommand({ QueueUrl, Label: 'l', AWSAccountIds: [account], Actions: ['SendMessage'] }),
  );
  assert.match((await aws.attributes(QueueUrl)).Policy ?? '', /SQS:SendMessage/i);
});
met('PurgeQueue deletes all messages', api('PurgeQueue'), async (aws) => {
  const QueueUrl = await aws.queue();
  await aws.send(QueueUrl, 'x');
  await aws.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  const isEmpty = async () => (await aws.attributes(QueueUrl)).ApproximateNumberOfMessages === '0';
  await eventually('the queue is empty', isEmpty, 90_000);
});

// Sending

met('SendMessage answers the MD5 of the body', api('SendMessage'), async (aws) => {
  const { MD5OfMessageBody } = await aws.send(await aws.queue(), 'héllo');
  assert.equal(MD5OfMessageBody, md5('héllo'));
});
met('SendMessage answers the MD5 of the attributes', guide('sqs-message-metadata'), async (aws) => {
  const MessageAttributes = {
    b: text('two'),
    a: text('one'),
    n: { DataType: 'Number.int', StringValue: '7' },
  };
  const { MD5OfMessageAttributes } = await aws.send(await aws.queue(), 'x', { MessageAttributes });
  assert.equal(MD5OfMessageAttributes, md5OfAttributes(MessageAttributes));
});
unmet('A body may have characters above U+FFFF', api('SendMessage'), async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'done 🎉');
  assert.equal((await aws.one(queue)).Body, 'done 🎉');
});
met('A body with control characters is refused', api('SendMessage'), async (aws) =>
  refused(aws.send(await aws.queue(), 'a\u000bb'), 'InvalidMessageContents'),
);
met('An empty body is refused', api('SendMessage'), async (aws) =>
  refused(aws.send(await aws.queue(), ''), 'MissingParameter'),
);
met('A message has at most 1 MiB', quotas, async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'x'.repeat(1_048_576));
  await refused(aws.send(queue, 'x'.repeat(1_048_577)), 'InvalidParameterValue');
});
met('Attributes count into the size', quotas, async (aws) => {
  const MessageAttributes = { a: text('12345') };
  await refused(
    aws.send(await aws.queue(), 'x'.repeat(1_048_570), { MessageAttributes }),
    'InvalidParameterValue',
  );
});
met('A message has at most 10 attributes', quotas, async (aws) => {
  const MessageAttributes = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [`a${index}`, text('v')]),
  );
  await refused(aws.send(await aws.queue(), 'x', { MessageAttributes }), 'InvalidParameterValue');
});
met('An attribute’s name does not begin with AWS.', guide('sqs-message-metadata'), async (aws) =>
  refused(
    aws.send(await aws.queue(), 'x', { MessageAttributes: { 'AWS.a': text('v') } }),
    'InvalidParameterValue',
  ),
);
unmet('An attribute’s name may have letters outside ASCII', recorded, async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'x', { MessageAttributes: { 'attr.1øßä': text('v') } });
});
met('An attribute has a value', api('SendMessage'), async (aws) =>
  refused(aws.send(await aws.queue(), 'x', { MessageAttributes: { a: text('') } }), 'InvalidParameterValue'),
);
met('An attribute’s type is String, Number or Binary', guide('sqs-message-metadata'), async (aws) => {
  const MessageAttributes = { a: { DataType: 'Text', StringValue: 'v' } };
  await refused(aws.send(await aws.queue(), 'x', { MessageAttributes }), 'InvalidParameterValue');
});
met('A binary attribute comes back byte by byte', guide('sqs-message-metadata'), async (aws) => {
  const queue = await aws.queue();
  const BinaryValue = Uint8Array.from([0, 255, 128]);
  await aws.send(queue, 'x', { MessageAttributes: { a: { DataType: 'Binary', BinaryValue } } });
  const { MessageAttributes } = await aws.one(queue, { MessageAttributeNames: ['All'] });
  assert.deepEqual([...(MessageAttributes?.a?.BinaryValue ?? [])], [0, 255, 128]);
});
met('DelaySeconds is at most 900', api('SendMessage'), async (aws) =>
  refused(aws.send(await aws.queue(), 'x', { DelaySeconds: 901 }), 'InvalidParameterValue'),
);
met('A message waits for its DelaySeconds, and is counted as delayed', api('SendMessage'), async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'x', { DelaySeconds: 2 });
  assert.equal((await aws.attributes(queue)).ApproximateNumberOfMessagesDelayed, '1');
  assert.deepEqual(await aws.receive(queue, { WaitTimeSeconds: 0 }), []);
  assert.equal((await aws.one(queue, { WaitTimeSeconds: 5 })).Body, 'x');
});
met('A queue’s DelaySeconds holds for messages that have none', api('SendMessage'), async (aws) => {
  const queue = await aws.queue({ DelaySeconds: '2' });
  await aws.send(queue, 'late');
  await aws.send(queue, 'now', { DelaySeconds: 0 });
  assert.deepEqual(
    (await aws.receive(queue)).map(({ Body }) => Body),
    ['now'],
  );
});
unmet('AWSTraceHeader comes back as an attribute', api('SendMessage'), async (aws) => {
  const queue = await aws.queue();
  const header = 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1';
  await aws.send(queue, 'x', { MessageSystemAttributes: { AWSTraceHeader: text(header) } });
  const { Attributes } = await aws.one(queue, { MessageSystemAttributeNames: ['All'] });
  assert.equal(Attributes?.AWSTraceHeader, header);
});
met(
  'A message of a standard queue may have a MessageGroupId, for fair queues',
  guide('sqs-fair-queues'),
  async (aws) => {
    const queue = await aws.queue();
    await aws.send(queue, 'x', { MessageGroupId: 'tenant-1' });
    const { Attributes } = await aws.one(queue, { MessageSystemAttributeNames: ['MessageGroupId'] });
    assert.equal(Attributes?.MessageGroupId, 'tenant-1');
  },
);
for (const [what, group] of [
  ['empty', ''],
  ['of 129 characters', 'g'.repeat(129)],
  ['with a blank', 'a b'],
] as const) {
  unmet(`A MessageGroupId that is ${what} is refused`, recorded, async (aws) =>
    refused(aws.send(await aws.queue(), 'x', { MessageGroupId: group }), 'InvalidParameterValue'),
  );
}

// Batches

const batch = async (aws: Aws, Entries: { Id: string; MessageBody: string; DelaySeconds?: number }[]) =>
  aws.sqs.send(new SendMessageBatchCommand({ QueueUrl: await aws.queue(), Entries }));

met('A batch has at most 10 entries', api('SendMessageBatch'), (aws) =>
  refused(batch(aws, entries(11)), 'TooManyEntriesInBatchRequest'),
);
met('A batch has an entry', api('SendMessageBatch'), (aws) => refused(batch(aws, []), 'EmptyBatchRequest'));
met('The IDs of a batch differ', api('SendMessageBatch'), (aws) =>
  refused(batch(aws, [...entries(1), ...entries(1)]), 'BatchEntryIdsNotDistinct'),
);
met('An ID of a batch has letters, digits, hyphens and underscores only', api('SendMessageBatch'), (aws) =>
  refused(batch(aws, [{ Id: 'a b', MessageBody: 'x' }]), 'InvalidBatchEntryId'),
);
met('A batch has at most 1 MiB in all', api('SendMessageBatch'), (aws) =>
  refused(batch(aws, entries(5, 'x'.repeat(250_000))), 'BatchRequestTooLong'),
);
unmet('One entry with a DelaySeconds above 900 fails alone', verified, async (aws) => {
  const { Failed, Successful } = await batch(aws, [
    ...entries(1),
    { Id: 'late', MessageBody: 'x', DelaySeconds: 901 },
  ]);
  assert.deepEqual([Successful?.length, Failed?.[0]?.Id], [1, 'late']);
});
met('One entry with characters that are not allowed fails alone', api('SendMessageBatch'), async (aws) => {
  const { Failed, Successful } = await batch(aws, [...entries(1), { Id: 'bad', MessageBody: '\u0001' }]);
  assert.deepEqual([Successful?.length, Failed?.[0]?.Id, Failed?.[0]?.SenderFault], [1, 'bad', true]);
});
unmet('A batch without failures answers without Failed', recorded, async (aws) => {
  assert.equal((await batch(aws, entries(2))).Failed, undefined);
});
unmet('An ID of a batch has at most 80 characters when it deletes, too', recorded, async (aws) => {
  const { QueueUrl, ReceiptHandle } = await receipt(aws);
  const Entries = [{ Id: 'i'.repeat(100), ReceiptHandle }];
  await refused(aws.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries })), 'InvalidBatchEntryId');
});

// Receiving

met('A receive answers at most MaxNumberOfMessages', api('ReceiveMessage'), async (aws) => {
  const queue = await aws.queue();
  await aws.sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries: entries(5) }));
  assert.ok((await aws.receive(queue, { MaxNumberOfMessages: 2 })).length <= 2);
});
for (const [parameter, value] of [
  ['MaxNumberOfMessages', 11],
  ['MaxNumberOfMessages', 0],
  ['WaitTimeSeconds', 21],
] as const) {
  met(`A receive with ${parameter} ${value} is refused`, api('ReceiveMessage'), async (aws) =>
    refused(aws.receive(await aws.queue(), { [parameter]: value }), 'InvalidParameterValue'),
  );
}
met('A receive from an empty queue answers without Messages', api('ReceiveMessage'), async (aws) => {
  assert.equal(
    (await aws.sqs.send(new ReceiveMessageCommand({ QueueUrl: await aws.queue() }))).Messages,
    undefined,
  );
});
met('A long poll ends when a message comes', guide('sqs-short-and-long-polling'), async (aws) => {
  const queue = await aws.queue();
  const begin = Date.now();
  const poll = aws.receive(queue, { WaitTimeSeconds: 10 });
  await aws.send(queue, 'x');
  assert.equal((await poll).length, 1);
  assert.ok(Date.now() - begin < 6_000);
});
met(
  'A message is invisible until its visibility timeout ends, then it comes with a receive count of 2',
  guide('sqs-visibility-timeout'),
  async (aws) => {
    const queue = await aws.queue({ VisibilityTimeout: '2' });
    await aws.send(queue, 'x');
    await aws.one(queue);
    assert.deepEqual(await aws.receive(queue, { WaitTimeSeconds: 0 }), []);
    const { Attributes } = await aws.one(queue, { WaitTimeSeconds: 5, MessageSystemAttributeNames: ['All'] });
    assert.equal(Attributes?.ApproximateReceiveCount, '2');
  },
);
met('A receive with VisibilityTimeout 0 hides nothing', api('ReceiveMessage'), async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'x');
  await aws.one(queue, { VisibilityTimeout: 0 });
  await aws.one(queue);
});
met(
  'A message comes with its system attributes when all are asked for',
  api('ReceiveMessage'),
  async (aws) => {
    const queue = await aws.queue();
    await aws.send(queue, 'x');
    const { Attributes = {} } = await aws.one(queue, { MessageSystemAttributeNames: ['All'] });
    for (const name of [
      'SenderId',
      'SentTimestamp',
      'ApproximateReceiveCount',
      'ApproximateFirstReceiveTimestamp',
    ]) {
      assert.ok(name in Attributes, name);
    }
    assert.ok(Math.abs(Number(Attributes.SentTimestamp) - Date.now()) < 60_000);
  },
);
met('A message comes without attributes when none are asked for', api('ReceiveMessage'), async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'x', { MessageAttributes: { a: text('v') } });
  const { Attributes, MessageAttributes, MD5OfMessageAttributes } = await aws.one(queue);
  assert.deepEqual(
    [Attributes, MessageAttributes, MD5OfMessageAttributes],
    [undefined, undefined, undefined],
  );
});
met('A message comes with the attributes that are asked for by name', api('ReceiveMessage'), async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'x', { MessageAttributes: { a: text('1'), b: text('2') } });
  const { MessageAttributes = {} } = await aws.one(queue, { MessageAttributeNames: ['b'] });
  assert.deepEqual(Object.keys(MessageAttributes), ['b']);
});
met('Names of attributes may be asked for by their beginning: bar.*', api('ReceiveMessage'), async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'x', { MessageAttributes: { 'bar.a': text('1'), foo: text('2') } });
  const { MessageAttributes = {} } = await aws.one(queue, { MessageAttributeNames: ['bar.*'] });
  assert.deepEqual(Object.keys(MessageAttributes), ['bar.a']);
});
unmet('A beginning need not end with a full stop: Hel.* finds Hello', recorded, async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'x', { MessageAttributes: { Hello: text('1'), foo: text('2') } });
  const { MessageAttributes = {} } = await aws.one(queue, { MessageAttributeNames: ['Hel.*'] });
  assert.deepEqual(Object.keys(MessageAttributes), ['Hello']);
});
unmet('The MD5 of attributes is that of those that come', recorded, async (aws) => {
  const queue = await aws.queue();
  await aws.send(queue, 'x', { MessageAttributes: { a: text('1'), b: text('2') } });
  const { MD5OfMessageAttributes } = await aws.one(queue, { MessageAttributeNames: ['b'] });
  assert.equal(MD5OfMessageAttributes, md5OfAttributes({ b: text('2') }));
});
met('Messages are counted as waiting and as in flight', api('GetQueueAttributes'), async (aws) => {
  const queue = await aws.queue();
  await aws.sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries: entries(3) }));
  await aws.one(queue);
  const isCounted = async () => {
    const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: inFlight } =
      await aws.attributes(queue);
    return waiting === '2' && inFlight === '1';
  };
  await eventually('the counts are right', isCounted, 60_000);
});

// Deleting, and visibility

met('A deleted message does not come again', api('DeleteMessage'), async (aws) => {
  const { QueueUrl, ReceiptHandle } = await receipt(aws, { VisibilityTimeout: '1' });
  await aws.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  assert.deepEqual(await aws.receive(QueueUrl), []);
});
met('A message may be deleted twice', api('DeleteMessage'), async (aws) => {
  const { QueueUrl, ReceiptHandle } = await receipt(aws);
  await aws.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  await aws.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
});
unmet('DeleteMessage refuses what is no receipt handle', recorded, async (aws) => {
  const request = { QueueUrl: await aws.queue(), ReceiptHandle: 'garbage' };
  await refused(aws.sqs.send(new DeleteMessageCommand(request)), 'ReceiptHandleIsInvalid');
});
unmet('ChangeMessageVisibility refuses what is no receipt handle', recorded, async (aws) => {
  const request = { QueueUrl: await aws.queue(), ReceiptHandle: 'garbage', VisibilityTimeout: 1 };
  await refused(aws.sqs.send(new ChangeMessageVisibilityCommand(request)), 'ReceiptHandleIsInvalid');
});
unmet('ChangeMessageVisibility of a deleted message is refused', recorded, async (aws) => {
  const { QueueUrl, ReceiptHandle } = await receipt(aws);
  await aws.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  const change = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 1 });
  await refused(aws.sqs.send(change), 'InvalidParameterValue', /does not exist or is not available/);
});
met(
  'A visibility timeout of 0 lets the message come again at once',
  api('ChangeMessageVisibility'),
  async (aws) => {
    const { QueueUrl, ReceiptHandle } = await receipt(aws);
    await aws.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    await aws.one(QueueUrl);
  },
);
met(
  'A visibility timeout counts from the call that changes it',
  guide('sqs-visibility-timeout'),
  async (aws) => {
    const { QueueUrl, ReceiptHandle } = await receipt(aws, { VisibilityTimeout: '1' });
    await aws.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 4 }));
    assert.deepEqual(await aws.receive(QueueUrl, { WaitTimeSeconds: 2 }), []);
    await aws.one(QueueUrl, { WaitTimeSeconds: 5 });
  },
);
met('A visibility timeout is at most 12 hours', api('ChangeMessageVisibility'), async (aws) => {
  const { QueueUrl, ReceiptHandle } = await receipt(aws);
  const change = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 43_201 });
  await refused(aws.sqs.send(change), 'InvalidParameterValue');
});
met(
  'ChangeMessageVisibility of a message that is not in flight is refused',
  api('ChangeMessageVisibility'),
  async (aws) => {
    const { QueueUrl, ReceiptHandle } = await receipt(aws);
    await aws.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    const again = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 5 });
    await refused(aws.sqs.send(again), 'MessageNotInflight');
  },
);
const twice = async (aws: Aws) => {
  const { QueueUrl, ReceiptHandle: older } = await receipt(aws, { VisibilityTimeout: '1' });
  const { ReceiptHandle: newer } = await aws.one(QueueUrl, { WaitTimeSeconds: 4, VisibilityTimeout: 60 });
  assert.notEqual(older, newer);
  return { QueueUrl, ReceiptHandle: older };
};
unmet(
  'ChangeMessageVisibility takes an older receipt handle of a message that was received again',
  recorded,
  async (aws) => {
    await aws.sqs.send(new ChangeMessageVisibilityCommand({ ...(await twice(aws)), VisibilityTimeout: 0 }));
  },
);
unmet('DeleteMessage deletes by an older receipt handle, too', verified, async (aws) => {
  const request = await twice(aws);
  await aws.sqs.send(new DeleteMessageCommand(request));
  assert.equal((await aws.attributes(request.QueueUrl)).ApproximateNumberOfMessagesNotVisible, '0');
});
met('In a batch of visibility timeouts one fails alone', api('ChangeMessageVisibilityBatch'), async (aws) => {
  const { QueueUrl, ReceiptHandle } = await receipt(aws);
  const Entries = [
    { Id: 'good', ReceiptHandle, VisibilityTimeout: 0 },
    { Id: 'bad', ReceiptHandle: 'garbage', VisibilityTimeout: 0 },
  ];
  const { Successful, Failed } = await aws.sqs.send(
    new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }),
  );
  assert.deepEqual([Successful?.map(({ Id }) => Id), Failed?.map(({ Id }) => Id)], [['good'], ['bad']]);
});

// Dead-letter queues

const died = async (aws: Aws, more = {}) => {
  const { queue, deadLetters } = await aws.queueWithDeadLetters(1, { VisibilityTimeout: '1' });
  const { MessageId } = await aws.send(queue, 'x', more);
  await aws.one(queue);
  assert.deepEqual(await aws.receive(queue, { WaitTimeSeconds: 3 }), []);
  const names = { MessageSystemAttributeNames: ['All' as const], MessageAttributeNames: ['All'] };
  return {
    queue,
    deadLetters,
    MessageId,
    message: await aws.one(deadLetters, { ...names, WaitTimeSeconds: 5 }),
  };
};
met(
  'A message that was received maxReceiveCount times goes to the dead-letter queue, with its ID',
  guide('sqs-dead-letter-queues'),
  async (aws) => {
    const { message, MessageId } = await died(aws);
    assert.equal(message.MessageId, MessageId);
  },
);
met('A message in the dead-letter queue names the queue it came from', api('ReceiveMessage'), async (aws) => {
  const { message, queue } = await died(aws);
  assert.equal(message.Attributes?.DeadLetterQueueSourceArn, await aws.queueArn(queue));
});
met(
  'A message keeps its attributes in the dead-letter queue',
  guide('sqs-dead-letter-queues'),
  async (aws) => {
    const { message } = await died(aws, { MessageAttributes: { a: text('v') } });
    assert.equal(message.MessageAttributes?.a?.StringValue, 'v');
  },
);
unmet('The receive count goes on in the dead-letter queue: 2 after one receive', recorded, async (aws) => {
  assert.equal((await died(aws)).message.Attributes?.ApproximateReceiveCount, '2');
});
unmet('RedrivePolicy names a queue that exists', verified, async (aws) => {
  const arn = (await aws.queueArn(await aws.queue())).replace(/[^:]+$/, aws.name());
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 3 });
  await refused(aws.queue({ RedrivePolicy }), 'InvalidParameterValue');
});
unmet('RedrivePolicy has a maxReceiveCount', verified, async (aws) => {
  const deadLetterTargetArn = await aws.queueArn(await aws.queue());
  await refused(
    aws.queue({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn }) }),
    'InvalidParameterValue',
  );
});
unmet('RedrivePolicy is JSON', verified, (aws) =>
  refused(aws.queue({ RedrivePolicy: 'none' }), 'InvalidParameterValue'),
);
unmet('A maxReceiveCount that was given as text is a number afterwards', verified, async (aws) => {
  const deadLetterTargetArn = await aws.queueArn(await aws.queue());
  const queue = await aws.queue({
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: '4' }),
  });
  assert.equal(JSON.parse((await aws.attributes(queue)).RedrivePolicy ?? '{}').maxReceiveCount, 4);
});
unmet(
  'ListDeadLetterSourceQueues tells whose dead-letter queue it is',
  api('ListDeadLetterSourceQueues'),
  async (aws) => {
    const { queue, deadLetters } = await aws.queueWithDeadLetters(1);
    const { queueUrls } = await aws.sqs.send(
      new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadLetters }),
    );
    assert.deepEqual(queueUrls, [queue]);
  },
);
met('A move task sends dead letters back to their queue', api('StartMessageMoveTask'), async (aws) => {
  const { queue, deadLetters } = await aws.queueWithDeadLetters(1);
  await aws.send(deadLetters, 'sent there');
  const DestinationArn = await aws.queueArn(queue);
  const SourceArn = await aws.queueArn(deadLetters);
  await aws.sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }));
  assert.equal((await aws.one(queue, { WaitTimeSeconds: 10 })).Body, 'sent there');
  const { Results } = await aws.sqs.send(new ListMessageMoveTasksCommand({ SourceArn }));
  assert.ok(['RUNNING', 'COMPLETED'].includes(Results?.[0]?.Status ?? ''), Results?.[0]?.Status);
});
met('A move task takes from dead-letter queues only', api('StartMessageMoveTask'), async (aws) => {
  const SourceArn = await aws.queueArn(await aws.queue());
  await refused(aws.sqs.send(new StartMessageMoveTaskCommand({ SourceArn })), 'InvalidParameterValue');
});

// Protocols

unmet(
  'The Query protocol is answered, which SDKs of before autumn 2023 speak',
  `${docs}/SQSDeveloperGuide/sqs-making-api-requests-xml.html`,
  async (aws) => {
    const answer = await aws.query('sqs', {
      Action: 'SendMessage',
      Version: '2012-11-05',
      QueueUrl: await aws.queue(),
      MessageBody: 'x',
    });
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /<SendMessageResult>.*<MD5OfMessageBody>/s);
  },
);
unmet(
  'The Query protocol is answered at the queue’s own URL',
  `${docs}/SQSDeveloperGuide/sqs-making-api-requests-xml.html`,
  async (aws) => {
    const { pathname } = new URL(await aws.queue());
    const answer = await aws.query(
      'sqs',
      { Action: 'SendMessage', Version: '2012-11-05', MessageBody: 'x' },
      pathname,
    );
    assert.equal(answer.status, 200);
  },
);
unmet('JSON is answered at the queue’s own URL', recorded, async (aws) => {
  const QueueUrl = await aws.queue();
  const answer = await aws.request('sqs', {
    path: new URL(QueueUrl).pathname,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
    body: JSON.stringify({ QueueUrl, MessageBody: 'x' }),
  });
  assert.equal(answer.status, 200);
});
unmet(
  'An answer carries its request’s ID as x-amzn-RequestId',
  `${docs}/SQSDeveloperGuide/sqs-making-api-requests-json.html`,
  async (aws) => {
    const { $metadata } = await aws.send(await aws.queue(), 'x');
    assert.match($metadata.requestId ?? '', /^[0-9a-f-]{36}$/);
  },
);
unmet('The codes of errors have no prefix: MissingParameter', recorded, async (aws) => {
  const QueueUrl = await aws.queue();
  const answer = await aws.request('sqs', {
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
    body: JSON.stringify({ QueueUrl, MessageBody: '' }),
  });
  assert.equal(answer.status, 400);
  assert.match(answer.headers.get('x-amzn-query-error') ?? '', /^MissingParameter;Sender$/);
});
