import { lastPart } from '../../src/names.ts';
import type { Engine } from '../aws/engine/engine.ts';
import { type ContainerVariables, nameOfArn, type Resource } from '../aws/resources/resourceType.ts';
import { taskDefinitionOf } from '../aws/resources/service.ts';
import { environmentOf, taskDefinition } from '../aws/resources/taskDefinition.ts';
import type { PlatformFile } from './platformFile.ts';

/** A job as the template shows it: a queue that is subscribed to the job topic with an exact `jobName`. */
export interface TemplateJob {
  readonly name: string;
  readonly queueName: string;
  readonly deadLetterQueueName: string | undefined;
  /** Undefined where the job does not run in Lambda. */
  readonly functionName: string | undefined;
  /** Undefined where the job does not run on Fargate. */
  readonly serviceName: string | undefined;
}

/** The jobs and where they are reached. Read from the resources once for each assembly. */
export interface Routing {
  readonly topicArn: string | undefined;
  readonly jobs: readonly TemplateJob[];
  readonly apiUrl: string | undefined;
  readonly filesBucket: string | undefined;
}

export const noRouting: Routing = routingOf([], undefined);

export function routingOf(resources: readonly Resource[], apiUrl: string | undefined): Routing {
  return {
    topicArn: jobTopicArn(resources),
    jobs: jobsOf(resources),
    apiUrl,
    filesBucket: filesBucketOf(resources),
  };
}

/** The routing as platform.json holds it. */
export function writtenRouting(
  { topicArn, jobs, apiUrl, filesBucket }: Routing,
  engine: Engine,
): Pick<PlatformFile, 'topicArn' | 'jobs' | 'apiUrl' | 'filesBucket'> {
  const urls = jobs.map(({ name, queueName, deadLetterQueueName }) => {
    const deadLetterQueueUrl =
      deadLetterQueueName === undefined ? null : engine.queueUrl(deadLetterQueueName);
    return [name, { queueUrl: engine.queueUrl(queueName), deadLetterQueueUrl }] as const;
  });
  return {
    topicArn: topicArn ?? null,
    apiUrl: apiUrl ?? null,
    filesBucket: filesBucket ?? null,
    jobs: Object.fromEntries(urls),
  };
}

/** The topic whose subscriptions filter on `jobName`: of several topics, the one with the most. Undefined without one. */
export function jobTopicArn(resources: readonly Resource[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { properties } of resources.filter((resource) => exactJobNames(resource).length > 0)) {
    const arn = String(properties.TopicArn);
    counts.set(arn, (counts.get(arn) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** The jobs of the job topic, sorted by name. */
export function jobsOf(resources: readonly Resource[]): TemplateJob[] {
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

/** Whether another queue's failed messages go to the queue. */
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
  return resources.find((resource) => {
    const definition = resource.type === 'AWS::ECS::Service' && taskDefinitionOf(resource, resources);
    return definition && workerVariables.queueName(environmentOf(definition)) === queueName;
  })?.name;
}

/** The bucket whose name functions and workers get for files. */
function filesBucketOf(resources: readonly Resource[]): string | undefined {
  const told = new Set(resources.map(filesBucketVariable));
  return resources.find(({ type, name }) => type === 'AWS::S3::Bucket' && told.has(name))?.name;
}

function filesBucketVariable(resource: Resource): unknown {
  if (resource.type === taskDefinition.type) return environmentOf(resource).JOB_FILES_BUCKET;
  if (resource.type !== 'AWS::Lambda::Function') return undefined;
  const { Variables } = (resource.properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
  return Variables?.JOB_FILES_BUCKET;
}

/** How the platform reads the variables of a worker's container. */
export const workerVariables: ContainerVariables = {
  queueName: ({ JOB_QUEUE_URL }) => (JOB_QUEUE_URL === undefined ? undefined : lastPart(JOB_QUEUE_URL)),
  /** Leaves out the health port: the workers of one machine would fight for it. */
  onOneMachine: ({ JOB_HEALTH_PORT: _, ...environment }) => environment,
};

/** A message to a job. `payload` is sent as JSON, `attributes` as String attributes. */
export interface JobToPublish {
  readonly jobName: string;
  readonly payload: unknown;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** The message cannot be published. */
export class NotPublishedError extends Error {
  override readonly name = 'NotPublishedError';
}

/**
 * Publishes to the job topic.
 * @throws {NotPublishedError} without a job topic, and for a payload that has no JSON
 */
export async function publishToJobs(
  engine: Engine,
  topicArn: string | undefined,
  { jobName, payload, attributes = {} }: JobToPublish,
): Promise<{ messageId: string }> {
  if (topicArn === undefined)
    throw new NotPublishedError('The template has no topic with job subscriptions to publish to.');
  const Message = asJson(payload);
  const strings = Object.entries({ ...attributes, jobName });
  const MessageAttributes = Object.fromEntries(
    strings.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  const { MessageId } = await engine.sns('Publish', { TopicArn: topicArn, Message, MessageAttributes });
  return { messageId: MessageId };
}

/** @throws {NotPublishedError} for a payload that has no JSON, or is nested too deeply */
function asJson(payload: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(payload);
  } catch (cause) {
    throw new NotPublishedError(`The payload cannot be written as JSON: ${(cause as Error).message}.`, {
      cause,
    });
  }
  if (json === undefined) throw new NotPublishedError(`The payload must be JSON, got ${typeof payload}.`);
  return json;
}
