import type {
  Finding,
  Properties,
  Resource,
  ResourceContext,
  Resources,
  ResourceType,
} from './resourceType.ts';
import { localArn } from './resourceType.ts';

/** What a subscription is once it runs. */
interface Handle {
  readonly subscriptionArn: string;
  /** Ends the mailbox's part of an e-mail subscription. */
  readonly endMail?: () => void;
}

export const subscription: ResourceType<Handle> = {
  type: 'AWS::SNS::Subscription',
  honoured: [
    'TopicArn',
    'Protocol',
    'Endpoint',
    'FilterPolicy',
    'FilterPolicyScope',
    'RawMessageDelivery',
    'RedrivePolicy',
  ],
  notEvaluated: ['Region'],

  ref: (name, place) => localArn('sns', place, name),
  attributes: (name, place) => ({ Arn: localArn('sns', place, name) }),
  identity: ({ properties: { TopicArn, Protocol, Endpoint } }) => `${Protocol} ${Endpoint} of ${TopicArn}`,

  check: (resource, all) => [...checkProtocol(resource), ...checkQueues(resource, all)],

  async create({ properties }, context) {
    const { TopicArn, Protocol, Endpoint } = properties;
    const { SubscriptionArn: subscriptionArn } = await context.engine.sns('Subscribe', {
      TopicArn,
      Protocol,
      Endpoint,
      Attributes: attributesOf(properties),
      ReturnSubscriptionArn: true,
    });
    return isEmail(properties)
      ? { subscriptionArn, endMail: subscribeMail(properties, context) }
      : { subscriptionArn };
  },

  async update({ properties }, handle, { engine }, before) {
    const now = attributesOf(properties);
    const was = attributesOf(before.properties);
    for (const AttributeName of new Set([...Object.keys(was), ...Object.keys(now)])) {
      if (was[AttributeName] === now[AttributeName]) continue;
      const AttributeValue = now[AttributeName] ?? unset[AttributeName];
      await engine.sns('SetSubscriptionAttributes', {
        SubscriptionArn: handle.subscriptionArn,
        AttributeName,
        AttributeValue,
      });
    }
    return handle;
  },

  async delete(_resource, { subscriptionArn, endMail }, { engine }) {
    endMail?.();
    await engine.sns('Unsubscribe', { SubscriptionArn: subscriptionArn });
  },
};

/** What an attribute goes back to when it is taken out of the template; an empty policy lets everything through. */
const unset: Readonly<Record<string, string>> = {
  FilterPolicy: '',
  FilterPolicyScope: 'MessageAttributes',
  RawMessageDelivery: 'false',
  RedrivePolicy: '',
};

function attributesOf(properties: Properties): Record<string, string> {
  const given = Object.keys(unset).filter((name) => properties[name] !== undefined);
  return Object.fromEntries(
    given.map((name) => {
      const value = properties[name];
      return [name, typeof value === 'object' ? JSON.stringify(value) : String(value)];
    }),
  );
}

function subscribeMail(
  { TopicArn, Protocol, Endpoint }: Properties,
  { mailbox }: ResourceContext,
): () => void {
  return mailbox.subscribe({
    topicArn: String(TopicArn),
    address: String(Endpoint),
    format: Protocol === 'email-json' ? 'json' : 'text',
  });
}

function isEmail({ Protocol }: Properties): boolean {
  return Protocol === 'email' || Protocol === 'email-json';
}

function checkProtocol({ properties }: Resource): Finding[] {
  if (isEmail(properties) && properties.FilterPolicy !== undefined) {
    return [{ property: 'FilterPolicy', why: 'is not applied to e-mail locally: every message is mailed' }];
  }
  if (properties.Protocol === 'sqs' || isEmail(properties)) return [];
  return [
    {
      property: 'Protocol',
      why: `${properties.Protocol} is not delivered locally (sqs, email and email-json are)`,
      refused: true,
    },
  ];
}

function checkQueues({ properties }: Resource, all: Resources): Finding[] {
  const findings: Finding[] = [];
  const { deadLetterTargetArn } = (properties.RedrivePolicy ?? {}) as { deadLetterTargetArn?: unknown };
  if (properties.Protocol === 'sqs' && all.byArn(properties.Endpoint)?.type !== 'AWS::SQS::Queue') {
    findings.push({
      property: 'Endpoint',
      why: `${properties.Endpoint} is no queue of this assembly: its messages are lost`,
    });
  }
  if (deadLetterTargetArn !== undefined && all.byArn(deadLetterTargetArn)?.type !== 'AWS::SQS::Queue') {
    findings.push({
      property: 'RedrivePolicy',
      why: `names ${deadLetterTargetArn}, which is no queue of this assembly`,
    });
  }
  return findings;
}
