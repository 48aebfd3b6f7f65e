import type { Resource } from '../aws/resources/resourceType.ts';
import { nameOfArn } from '../aws/resources/resourceType.ts';
import { queueOfService } from '../aws/resources/service.ts';

/** A job as the template alone tells: a queue that is subscribed to the job topic with an exact `jobName`. */
export interface JobResources {
  readonly name: string;
  readonly queueName: string;
  readonly deadLetterQueueName: string | undefined;
  /** Of a job that runs in Lambda. */
  readonly functionName: string | undefined;
  /** Of a job that runs on Fargate. */
  readonly serviceName: string | undefined;
}

/** The topic whose subscriptions filter on `jobName` (the most of them, if there are several); undefined without one. */
export function jobTopicArn(resources: readonly Resource[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { properties } of resources.filter((resource) => exactJobNames(resource).length > 0)) {
    const arn = String(properties.TopicArn);
    counts.set(arn, (counts.get(arn) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** The jobs of the job topic, by name. */
export function jobsOf(resources: readonly Resource[]): JobResources[] {
  const topicArn = jobTopicArn(resources);
  const subscriptions = resources.filter(
    ({ properties }) => topicArn !== undefined && properties.TopicArn === topicArn,
  );
  const jobs = subscriptions.flatMap((subscription) => {
    const queueName = nameOfArn(subscription.properties.Endpoint);
    const ends = {
      queueName,
      deadLetterQueueName: deadLetterQueueOf(queueName, resources),
      functionName: functionOf(queueName, resources),
      serviceName: serviceOf(queueName, resources),
    };
    return exactJobNames(subscription).map((name) => ({ name, ...ends }));
  });
  return jobs.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether the queue is where another queue's failed messages go. */
export function isDeadLetterQueue(queueName: string, resources: readonly Resource[]): boolean {
  return resources.some(
    (resource) => resource.type === 'AWS::SQS::Queue' && deadLetterTarget(resource) === queueName,
  );
}

/** How many of the topic's subscriptions filter on message attributes. */
export function attributeFilteredSubscriptions(topicArn: string, resources: readonly Resource[]): number {
  return resources.filter(
    ({ type, properties }) =>
      type === 'AWS::SNS::Subscription' &&
      properties.TopicArn === topicArn &&
      properties.FilterPolicy !== undefined &&
      properties.FilterPolicyScope !== 'MessageBody',
  ).length;
}

function exactJobNames({ type, properties }: Resource): string[] {
  if (type !== 'AWS::SNS::Subscription' || properties.Protocol !== 'sqs') return [];
  const { jobName } = (properties.FilterPolicy ?? {}) as { jobName?: unknown };
  return Array.isArray(jobName) && jobName.every((value) => typeof value === 'string') ? jobName : [];
}

function deadLetterQueueOf(queueName: string, resources: readonly Resource[]): string | undefined {
  const queue = resources.find(({ type, name }) => type === 'AWS::SQS::Queue' && name === queueName);
  return queue && deadLetterTarget(queue);
}

function deadLetterTarget({ properties }: Resource): string | undefined {
  const { deadLetterTargetArn } = (properties.RedrivePolicy ?? {}) as { deadLetterTargetArn?: unknown };
  return deadLetterTargetArn === undefined ? undefined : nameOfArn(deadLetterTargetArn);
}

function functionOf(queueName: string, resources: readonly Resource[]): string | undefined {
  const mapping = resources.find(
    ({ type, properties }) =>
      type === 'AWS::Lambda::EventSourceMapping' && nameOfArn(properties.EventSourceArn) === queueName,
  );
  return mapping && nameOfArn(mapping.properties.FunctionName);
}

function serviceOf(queueName: string, resources: readonly Resource[]): string | undefined {
  return resources.find(
    (resource) => resource.type === 'AWS::ECS::Service' && queueOfService(resource, resources) === queueName,
  )?.name;
}
