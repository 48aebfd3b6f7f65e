import assert from 'node:assert/strict';
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  PublishBatchCommand,
  type PublishBatchRequestEntry,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { eventually } from '../../local/aws/fixtures/assembly/eventually.ts';
import { type Aws, text } from './aws.ts';
import { issues, recorded, refused, rowsOf, verified } from './behaviour.ts';

const { rows, met, unmet } = rowsOf('sns', issues.engine);

export { rows as sns };

const docs = 'https://docs.aws.amazon.com/sns/latest';
const api = (action: string) => `${docs}/api/API_${action}.html`;
const guide = (page: string) => `${docs}/dg/${page}.html`;

/** A topic with one queue behind it. */
async function pair(aws: Aws, attributes: Record<string, string> = {}) {
  const topic = await aws.topic();
  return { topic, ...(await aws.subscribed(topic, attributes)) };
}

const raw = { RawMessageDelivery: 'true' };
const all = { MessageAttributeNames: ['All'] };
const envelope = async (aws: Aws, queue: string) =>
  JSON.parse((await aws.one(queue, { WaitTimeSeconds: 5 })).Body ?? '');
const malformed = 'not-an-arn';
const absent = (arn: string, aws: Aws) => arn.replace(/[^:]+$/, aws.name());

// Topics

met('A topic is made again: the same ARN', api('CreateTopic'), async (aws) => {
  const Name = aws.name();
  const { TopicArn } = await aws.sns.send(new CreateTopicCommand({ Name }));
  assert.equal((await aws.sns.send(new CreateTopicCommand({ Name }))).TopicArn, TopicArn);
  await aws.sns.send(new DeleteTopicCommand({ TopicArn }));
});
met('A topic is not made again with other tags', recorded, async (aws) => {
  const Name = aws.name();
  const { TopicArn } = await aws.sns.send(new CreateTopicCommand({ Name, Tags: [{ Key: 'a', Value: '1' }] }));
  try {
    await refused(
      aws.sns.send(new CreateTopicCommand({ Name, Tags: [{ Key: 'a', Value: '2' }] })),
      'InvalidParameter',
    );
  } finally {
    await aws.sns.send(new DeleteTopicCommand({ TopicArn }));
  }
});
met('A topic’s name has letters, digits, hyphens and underscores only', api('CreateTopic'), (aws) =>
  refused(aws.sns.send(new CreateTopicCommand({ Name: 'bad name!' })), 'InvalidParameter'),
);
unmet('A topic has a policy from the beginning', recorded, async (aws) => {
  const { Attributes } = await aws.sns.send(new GetTopicAttributesCommand({ TopicArn: await aws.topic() }));
  assert.match(Attributes?.Policy ?? '', /__default_policy_ID/);
});
met(
  'GetTopicAttributes of a topic that does not exist is refused',
  api('GetTopicAttributes'),
  async (aws) => {
    const TopicArn = absent(await aws.topic(), aws);
    await refused(aws.sns.send(new GetTopicAttributesCommand({ TopicArn })), 'NotFound');
  },
);
met('ListTopics lists a topic', api('ListTopics'), async (aws) => {
  const topic = await aws.topic();
  let NextToken: string | undefined;
  do {
    const page = await aws.sns.send(new ListTopicsCommand({ NextToken }));
    if (page.Topics?.some(({ TopicArn }) => TopicArn === topic)) return;
    ({ NextToken } = page);
  } while (NextToken);
  assert.fail('It is not listed.');
});
met('A topic that does not exist may be deleted', api('DeleteTopic'), async (aws) => {
  await aws.sns.send(new DeleteTopicCommand({ TopicArn: absent(await aws.topic(), aws) }));
});
met('Tags are set and listed', api('TagResource'), async (aws) => {
  const ResourceArn = await aws.topic();
  await aws.sns.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'job', Value: 'A' }] }));
  const { Tags } = await aws.sns.send(new ListTagsForResourceCommand({ ResourceArn }));
  assert.deepEqual(Tags, [{ Key: 'job', Value: 'A' }]);
});
unmet('A tag is given once', recorded, async (aws) => {
  const Tags = [
    { Key: 'a', Value: '1' },
    { Key: 'a', Value: '2' },
  ];
  await refused(
    aws.sns.send(new TagResourceCommand({ ResourceArn: await aws.topic(), Tags })),
    'InvalidParameter',
  );
});

// Subscriptions

unmet('A subscription is made again without attributes: the same ARN', recorded, async (aws) => {
  const { topic, queueArn, subscriptionArn } = await pair(aws, raw);
  assert.equal(await aws.subscribe(topic, queueArn), subscriptionArn);
});
met('A subscription is made again with the same attributes: the same ARN', api('Subscribe'), async (aws) => {
  const { topic, queueArn, subscriptionArn } = await pair(aws, raw);
  assert.equal(await aws.subscribe(topic, queueArn, raw), subscriptionArn);
});
unmet('The endpoint of an sqs subscription is an ARN, and not a URL', recorded, async (aws) => {
  const Endpoint = await aws.queue();
  const request = { TopicArn: await aws.topic(), Protocol: 'sqs', Endpoint };
  await refused(aws.sns.send(new SubscribeCommand(request)), 'InvalidParameter', /SQS endpoint ARN/);
});
met('A protocol that SNS does not know is refused', api('Subscribe'), async (aws) => {
  const request = { TopicArn: await aws.topic(), Protocol: 'pigeon', Endpoint: 'x' };
  await refused(aws.sns.send(new SubscribeCommand(request)), 'InvalidParameter');
});
met('A subscription to a topic that does not exist is refused', api('Subscribe'), async (aws) => {
  const topic = await aws.topic();
  const Endpoint = await aws.queueArn(await aws.queue());
  await refused(
    aws.sns.send(new SubscribeCommand({ TopicArn: absent(topic, aws), Protocol: 'sqs', Endpoint })),
    'NotFound',
  );
});
met('A subscription delivers in an envelope by default', api('GetSubscriptionAttributes'), async (aws) => {
  const { subscriptionArn: SubscriptionArn, queueArn } = await pair(aws);
  const { Attributes } = await aws.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
  assert.deepEqual(
    [Attributes?.RawMessageDelivery, Attributes?.Protocol, Attributes?.Endpoint],
    ['false', 'sqs', queueArn],
  );
});
unmet('A subscription with a filter policy names its scope', recorded, async (aws) => {
  const { subscriptionArn: SubscriptionArn } = await pair(aws, { FilterPolicy: '{"a":["b"]}' });
  const { Attributes } = await aws.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
  assert.equal(Attributes?.FilterPolicyScope, 'MessageAttributes');
});
for (const [AttributeName, AttributeValue] of [
  ['RawMessageDelivery', 'test'],
  ['FilterPolicyScope', 'x'],
  ['RedrivePolicy', '{"deadLetterTargetArn":"not-an-arn"}'],
] as const) {
  unmet(`A subscription with ${AttributeName} ${AttributeValue} is refused`, recorded, async (aws) => {
    const { subscriptionArn: SubscriptionArn } = await pair(aws);
    const set = new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue });
    await refused(aws.sns.send(set), 'InvalidParameter');
  });
}
met('A subscription that has ended gets nothing', api('Unsubscribe'), async (aws) => {
  const { topic, queue, subscriptionArn: SubscriptionArn } = await pair(aws);
  await aws.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
  await aws.publish(topic, 'x');
  assert.deepEqual(await aws.receive(queue), []);
});
unmet('Unsubscribe of what is no ARN is refused', recorded, (aws) =>
  refused(aws.sns.send(new UnsubscribeCommand({ SubscriptionArn: malformed })), 'InvalidParameter'),
);

// Publishing

met(
  'An envelope carries the message, its ID, its topic, its time and its signature',
  guide('sns-message-and-json-formats'),
  async (aws) => {
    const { topic, queue } = await pair(aws);
    const { MessageId } = await aws.publish(topic, '{"n":1}', { Subject: 'a subject' });
    const got = await envelope(aws, queue);
    assert.deepEqual(
      [got.Type, got.MessageId, got.TopicArn, got.Message, got.Subject],
      ['Notification', MessageId, topic, '{"n":1}', 'a subject'],
    );
    assert.match(got.Timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    for (const name of ['SignatureVersion', 'Signature', 'SigningCertURL', 'UnsubscribeURL'])
      assert.ok(got[name], name);
  },
);
met('An envelope carries attributes as Type and Value', guide('sns-message-attributes'), async (aws) => {
  const { topic, queue } = await pair(aws);
  await aws.publish(topic, 'x', {
    MessageAttributes: { jobName: text('A'), n: { DataType: 'Number', StringValue: '7' } },
  });
  assert.deepEqual((await envelope(aws, queue)).MessageAttributes, {
    jobName: { Type: 'String', Value: 'A' },
    n: { Type: 'Number', Value: '7' },
  });
});
met('A String.Array is delivered as it was given', guide('sns-message-attributes'), async (aws) => {
  const { topic, queue } = await pair(aws);
  await aws.publish(topic, 'x', {
    MessageAttributes: { jobName: { DataType: 'String.Array', StringValue: '["A","B"]' } },
  });
  assert.deepEqual((await envelope(aws, queue)).MessageAttributes, {
    jobName: { Type: 'String.Array', Value: '["A","B"]' },
  });
});
met(
  'Raw delivery gives the message as the body, and its attributes as the queue’s',
  guide('sns-large-payload-raw-message-delivery'),
  async (aws) => {
    const { topic, queue } = await pair(aws, raw);
    await aws.publish(topic, '{"n":1}', { MessageAttributes: { jobName: text('A') } });
    const { Body, MessageAttributes } = await aws.one(queue, { WaitTimeSeconds: 5, ...all });
    assert.deepEqual([Body, MessageAttributes?.jobName?.StringValue], ['{"n":1}', 'A']);
  },
);
unmet(
  'Raw delivery of more than ten attributes does not reach the queue, which takes ten',
  guide('sns-large-payload-raw-message-delivery'),
  async (aws) => {
    const { topic, queue } = await pair(aws, raw);
    const MessageAttributes = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [`a${index}`, text('v')]),
    );
    await aws.publish(topic, 'too many', { MessageAttributes });
    assert.deepEqual(await aws.receive(queue), []);
  },
);
const undelivered = async (aws: Aws) => {
  const topic = await aws.topic();
  const { queue: deadLetters, queueArn: arn } = await aws.queueBehind(topic);
  const { queue: QueueUrl } = await aws.subscribed(topic, {
    ...raw,
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn }),
  });
  await aws.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  await aws.publish(topic, 'lost', { MessageAttributes: { jobName: text('A') } });
  return aws.one(deadLetters, { WaitTimeSeconds: 20, ...all });
};
met(
  'What a subscription cannot deliver goes to its dead-letter queue, with its attributes',
  guide('sns-dead-letter-queues'),
  async (aws) => {
    const { Body, MessageAttributes } = await undelivered(aws);
    assert.match(Body ?? '', /lost/);
    assert.equal(MessageAttributes?.jobName?.StringValue, 'A');
  },
);
unmet('What could not be delivered gets no attributes beside its own', recorded, async (aws) => {
  assert.deepEqual(Object.keys((await undelivered(aws)).MessageAttributes ?? {}), ['jobName']);
});
met('A message may have characters above U+FFFF', api('Publish'), async (aws) => {
  const { topic, queue } = await pair(aws);
  await aws.publish(topic, 'done 🎉');
  assert.equal((await envelope(aws, queue)).Message, 'done 🎉');
});
met('A message has at most 256 KiB', api('Publish'), async (aws) => {
  const topic = await aws.topic();
  await aws.publish(topic, 'x'.repeat(262_144));
  await refused(aws.publish(topic, 'x'.repeat(262_145)), 'InvalidParameter');
});
met('Attributes count into the size', api('Publish'), async (aws) =>
  refused(
    aws.publish(await aws.topic(), 'x'.repeat(262_140), { MessageAttributes: { a: text('12345') } }),
    'InvalidParameter',
  ),
);
met('An empty message is refused', api('Publish'), async (aws) =>
  refused(aws.publish(await aws.topic(), ''), 'InvalidParameter'),
);
for (const [what, Subject, add] of [
  ['of 101 characters', 's'.repeat(101), met],
  ['with a line break', 'a\nb', met],
  ['that begins with a blank', ' a', unmet],
] as const) {
  add(`A subject ${what} is refused`, api('Publish'), async (aws) =>
    refused(aws.publish(await aws.topic(), 'x', { Subject }), 'InvalidParameter'),
  );
}
/** AWS has three codes for it, and its page names no rule for which is when. */
const isInvalid = { name: /^(InvalidParameter|InvalidParameterValue|ParameterValueInvalid)(Exception)?$/ };

met('An attribute has a value', api('Publish'), async (aws) => {
  const MessageAttributes = { a: text('') };
  await assert.rejects(aws.publish(await aws.topic(), 'x', { MessageAttributes }), isInvalid);
});
met(
  'An attribute’s type is String, String.Array, Number or Binary',
  guide('sns-message-attributes'),
  async (aws) => {
    const MessageAttributes = { a: { DataType: 'Text', StringValue: 'v' } };
    await assert.rejects(aws.publish(await aws.topic(), 'x', { MessageAttributes }), isInvalid);
  },
);
met('A publish to a topic that does not exist is refused', api('Publish'), async (aws) =>
  refused(aws.publish(absent(await aws.topic(), aws), 'x'), 'NotFound'),
);
unmet('A publish to what is no ARN is refused as such', recorded, (aws) =>
  refused(aws.publish(malformed, 'x'), 'InvalidParameter', /TopicArn/),
);
unmet('A standard topic takes no MessageDeduplicationId', verified, async (aws) =>
  refused(aws.publish(await aws.topic(), 'x', { MessageDeduplicationId: 'd' }), 'InvalidParameter'),
);
met('MessageStructure json gives each protocol its own message', api('Publish'), async (aws) => {
  const { topic, queue } = await pair(aws, raw);
  await aws.publish(topic, JSON.stringify({ default: 'd', sqs: 'for queues' }), { MessageStructure: 'json' });
  assert.equal((await aws.one(queue, { WaitTimeSeconds: 5 })).Body, 'for queues');
});
met('MessageStructure json without a default is refused', api('Publish'), async (aws) =>
  refused(aws.publish(await aws.topic(), '{"sqs":"x"}', { MessageStructure: 'json' }), 'InvalidParameter'),
);
met(
  'A message that no filter policy takes goes nowhere',
  guide('sns-subscription-filter-policies'),
  async (aws) => {
    const { topic, queue } = await pair(aws, { FilterPolicy: '{"jobName":["A"]}' });
    await aws.publish(topic, 'x', { MessageAttributes: { jobName: text('B') } });
    assert.deepEqual(await aws.receive(queue), []);
  },
);
met(
  'A message goes to every subscription that takes it',
  guide('sns-subscription-filter-policies'),
  async (aws) => {
    const topic = await aws.topic();
    const both = await Promise.all([aws.subscribed(topic, raw), aws.subscribed(topic, raw)]);
    await aws.publish(topic, 'x');
    for (const { queue } of both) assert.equal((await aws.one(queue, { WaitTimeSeconds: 5 })).Body, 'x');
  },
);

// Batches

const batchOf = (aws: Aws, TopicArn: string, PublishBatchRequestEntries: PublishBatchRequestEntry[]) =>
  aws.sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
const entries = (count: number, Message = 'x') =>
  Array.from({ length: count }, (_, index) => ({ Id: `e${index}`, Message }));

met('A batch publishes up to 10 messages, each with an ID', api('PublishBatch'), async (aws) => {
  const { topic, queue } = await pair(aws, raw);
  const { Successful } = await batchOf(aws, topic, entries(10));
  assert.equal(new Set(Successful?.map(({ MessageId }) => MessageId)).size, 10);
  const got: unknown[] = [];
  await eventually('ten messages', async () => {
    got.push(...(await aws.receive(queue, { WaitTimeSeconds: 1 })));
    return got.length >= 10;
  });
});
met('A batch has at most 10 entries', api('PublishBatch'), async (aws) =>
  refused(batchOf(aws, await aws.topic(), entries(11)), 'TooManyEntriesInBatchRequest'),
);
met('A batch has an entry', api('PublishBatch'), async (aws) =>
  refused(batchOf(aws, await aws.topic(), []), 'EmptyBatchRequest'),
);
met('The IDs of a batch differ', api('PublishBatch'), async (aws) =>
  refused(batchOf(aws, await aws.topic(), [...entries(1), ...entries(1)]), 'BatchEntryIdsNotDistinct'),
);
met('A batch has at most 256 KiB in all', api('PublishBatch'), async (aws) =>
  refused(batchOf(aws, await aws.topic(), entries(3, 'x'.repeat(100_000))), 'BatchRequestTooLong'),
);
