import type {
  Finding,
  Properties,
  Resource,
  ResourceContext,
  Resources,
  ResourceType,
} from './resourceType.ts';
import { localArn, nameOfArn } from './resourceType.ts';

export const queue: ResourceType = {
  type: 'AWS::SQS::Queue',
  honoured: [
    'QueueName',
    'VisibilityTimeout',
    'MessageRetentionPeriod',
    'DelaySeconds',
    'MaximumMessageSize',
    'ReceiveMessageWaitTimeSeconds',
    'RedrivePolicy',
    'RedriveAllowPolicy',
    'FifoQueue',
    'ContentBasedDeduplication',
    'DeduplicationScope',
    'FifoThroughputLimit',
    'Tags',
  ],
  notEvaluated: ['SqsManagedSseEnabled', 'KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds'],
  name: { property: 'QueueName', maxLength: 80, suffix: ({ FifoQueue }) => (FifoQueue ? '.fifo' : '') },

  ref: (name, place) => place.queueUrl(name),
  attributes: (name, place) => ({
    Arn: localArn('sqs', place, name),
    QueueName: name,
    QueueUrl: place.queueUrl(name),
  }),

  check: (resource, all) => [...checkDelay(resource, all), ...checkRedrivePolicy(resource, all)],

  async create({ name, properties }, { engine }) {
    await engine.sqs('CreateQueue', {
      QueueName: name,
      Attributes: attributesOf(properties),
      tags: tagsOf(properties),
    });
  },

  async update(resource, _handle, context, before) {
    const QueueUrl = context.place.queueUrl(resource.name);
    const wasSet = Object.keys(attributesOf(before.properties));
    const isSet = attributesOf(resource.properties);
    const unset = wasSet.filter((name) => !(name in isSet)).map((name) => [name, defaults[name] ?? '']);
    await context.engine.sqs('SetQueueAttributes', {
      QueueUrl,
      Attributes: withoutFixed({ ...Object.fromEntries(unset), ...isSet }),
    });
    await updateTags(QueueUrl, before, resource, context);
  },

  async delete({ name }, _handle, { engine, place, onWarning }) {
    const { visible = 0, notVisible = 0, delayed = 0 } = (await engine.queueCounts(name)) ?? {};
    await engine.sqs('DeleteQueue', { QueueUrl: place.queueUrl(name) });
    const lost = visible + notVisible + delayed;
    if (lost > 0)
      onWarning(`The queue ${name} was deleted with ${lost === 1 ? 'a message' : `${lost} messages`} in it.`);
  },
};

/** What a queue has when nothing is said; an attribute taken out of the template goes back to it. */
const defaults: Readonly<Record<string, string>> = {
  VisibilityTimeout: '30',
  MessageRetentionPeriod: '345600',
  DelaySeconds: '0',
  MaximumMessageSize: '1048576',
  ReceiveMessageWaitTimeSeconds: '0',
  ContentBasedDeduplication: 'false',
};

/** All attributes travel as strings, policies as JSON. */
function attributesOf(properties: Properties): Record<string, string> {
  const { QueueName: _name, Tags: _tags, ...attributes } = properties;
  const known = Object.entries(attributes).filter(([name]) => queue.honoured.includes(name));
  return Object.fromEntries(
    known.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}

/** What SQS refuses to change; a queue that becomes FIFO has another name and so is another queue. */
function withoutFixed({ FifoQueue: _fixed, ...attributes }: Record<string, string>): Record<string, string> {
  return attributes;
}

function tagsOf({ Tags }: Properties): Record<string, string> {
  const tags = (Tags ?? []) as readonly { Key: string; Value: string }[];
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, String(Value)]));
}

async function updateTags(QueueUrl: string, before: Resource, now: Resource, { engine }: ResourceContext) {
  const Tags = tagsOf(now.properties);
  const TagKeys = Object.keys(tagsOf(before.properties)).filter((key) => !(key in Tags));
  if (TagKeys.length > 0) await engine.sqs('UntagQueue', { QueueUrl, TagKeys });
  if (Object.keys(Tags).length > 0) await engine.sqs('TagQueue', { QueueUrl, Tags });
}

/** The embedded engine delivers what a topic fans out at once, whatever the queue's delay. */
function checkDelay({ properties, name }: Resource, all: Resources): Finding[] {
  const subscribed = all.list.some(
    (other) => other.type === 'AWS::SNS::Subscription' && nameOfArn(other.properties.Endpoint) === name,
  );
  if (!subscribed || !Number(properties.DelaySeconds ?? 0)) return [];
  return [{ property: 'DelaySeconds', why: 'is not applied locally to messages that come from a topic' }];
}

function checkRedrivePolicy({ properties, name }: Resource, all: Resources): Finding[] {
  const policy = properties.RedrivePolicy as { deadLetterTargetArn?: unknown } | undefined;
  if (policy === undefined) return [];
  const property = 'RedrivePolicy';
  const target = all.byArn(policy.deadLetterTargetArn);
  if (target?.type !== 'AWS::SQS::Queue') {
    return [{ property, why: `names ${policy.deadLetterTargetArn}, which is no queue of this assembly` }];
  }
  return allows(target.properties.RedriveAllowPolicy, name)
    ? []
    : [
        {
          property,
          why: `${target.name} does not accept this queue's dead letters (its RedriveAllowPolicy)`,
          refused: true,
        },
      ];
}

function allows(policy: unknown, sourceName: string): boolean {
  const { redrivePermission, sourceQueueArns } = (policy ?? {}) as Record<string, unknown>;
  if (redrivePermission === 'denyAll') return false;
  if (redrivePermission !== 'byQueue') return true;
  return (sourceQueueArns as readonly unknown[]).some((arn) => nameOfArn(arn) === sourceName);
}
