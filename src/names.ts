/**
 * The names of AWS resources, all composed here, and their ARNs, all taken apart here: a stack gives the names, and
 * a program that knows the topic derives the other names from the topic's.
 */

/** The names of a platform's resources. `<platform>-<stage>` is its topic's, and all others begin with it. */
export interface PlatformNames {
  readonly topic: string;
  readonly alarmTopic: string;
  /** Takes what no job has the name of. */
  readonly unroutedQueue: string;
  /** Where SNS and EventBridge Scheduler leave what they could not deliver. */
  readonly undeliveredQueue: string;
  readonly idempotencyTable: string;
  readonly statusTable: string;
  /** The API of the tracked jobs: its function, and its HTTP API where it has one. */
  readonly api: string;
  /** Of the schedules in job files. */
  readonly scheduleGroup: string;
  /** Of the one-off schedules that delayed publishes make. */
  readonly onceScheduleGroup: string;
  /** The ECS cluster of the jobs that run on Fargate. */
  readonly cluster: string;
  ofJob(jobName: string): JobNames;
}

/** The names of a job's resources. */
export interface JobNames {
  readonly queue: string;
  readonly deadLetterQueue: string;
  readonly function: string;
  readonly logGroup: string;
  /** The service of a job that runs on Fargate, and its task definition's family. */
  readonly service: string;
  readonly serviceLogGroup: string;
}

export function topicName(platform: string, stage: string): string {
  return `${platform}-${stage}`;
}

/** The stage in a topic's name: neither a platform's name nor a stage's has a hyphen. */
export function stageOf(topic: string): string {
  return topic.slice(topic.indexOf('-') + 1);
}

/** The SSM parameter that holds the topic's ARN. */
export function topicParameterName(platform: string, stage: string): string {
  return `/${platform}/${stage}/topic-arn`;
}

/** @param topic the topic's name */
export function platformNames(topic: string): PlatformNames {
  return {
    topic,
    alarmTopic: `${topic}-alarms`,
    unroutedQueue: `${topic}-unrouted`,
    undeliveredQueue: `${topic}-undelivered`,
    idempotencyTable: `${topic}-idempotency`,
    statusTable: `${topic}-status`,
    api: `${topic}-api`,
    scheduleGroup: topic,
    onceScheduleGroup: `${topic}-once`,
    cluster: topic,
    ofJob: (jobName) => jobNames(`${topic}-${jobName}`),
  };
}

function jobNames(name: string): JobNames {
  return {
    queue: name,
    deadLetterQueue: deadLetterQueueName(name),
    function: name,
    logGroup: functionLogGroup(name),
    service: name,
    serviceLogGroup: `/ecs/${name}`,
  };
}

export function deadLetterQueueName(queueName: string): string {
  return `${queueName}${deadLettersSuffix}`;
}

/** How the names of dead-letter queues end, and no job's does. */
export const deadLettersSuffix = '-dead-letters';

/** An alarm, and what an alarm sets going, is named after what it watches: `<queue>-dead-letters-age`. */
export function alarmName(watched: string, what: string): string {
  return `${watched}-${what}`;
}

/** Whether an alarm watches what has that name, or something whose name begins with it. */
export function isAlarmOf(alarm: string, watched: string): boolean {
  return alarm === watched || alarm.startsWith(alarmName(watched, ''));
}

/** The stack's export that holds the topic's ARN. */
export function topicExportName(topic: string): string {
  return `${topic}-topic-arn`;
}

/** An API's access log: a name that CloudWatch lets API Gateway write to. */
export function apiLogGroup(api: string): string {
  return `/aws/vendedlogs/${api}`;
}

/** As Lambda names it where nothing else is said. */
export function functionLogGroup(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}

/** What the names of all queues of a platform begin with. */
export function queueNamePrefix(topic: string): string {
  return `${topic}-`;
}

/** What job a queue would be of, by its name; undefined for a queue of another platform. */
export function jobNameOfQueue(topic: string, queueName: string): string | undefined {
  const prefix = queueNamePrefix(topic);
  return queueName.startsWith(prefix) ? queueName.slice(prefix.length) : undefined;
}

/** The job in the name of its function or queue, `<platform>-<stage>-<jobName>`. */
export function jobNameIn(resourceName: string): string | undefined {
  return /^[a-z0-9]+-[a-z0-9]+-(.+)$/.exec(resourceName)?.[1];
}

/** What Scheduler publishes as. Roles are the account's, so the Region is part of the name. */
export function schedulerRoleName(topic: string, region: string): string {
  return `${topic}-${region}-sched`;
}

/** A recurring schedule's name, by the one in the job file, in a group of the platform's own. */
export function scheduleName(jobName: string, name: string): string {
  return `${jobName}-${name}`;
}

/**
 * AWS's longest names, in characters: SQS's of a queue, Lambda's of a function, EventBridge Scheduler's of a schedule.
 */
export const nameLengths = { queue: 80, function: 64, schedule: 64 } as const;

/**
 * `arn:<partition>:<service>:<region>:<account>:<resource>`; Region and account are empty for a resource that has none.
 */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** The rest: a name, or `<kind>/<name>`. */
  readonly resource: string;
}

export function parseArn(arn: string): Arn | undefined {
  const [, partition, service, region, account, resource] =
    /^arn:([^:]+):([^:]+):([^:]*):([^:]*):(.+)$/.exec(arn) ?? [];
  if (!partition || !service || region === undefined || account === undefined || !resource) return undefined;
  return { partition, service, region, account, resource };
}

export function arnOf({ partition, service, region, account, resource }: Arn): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** The parts of an SNS topic's ARN; undefined for anything else. */
export function parseTopicArn(arn: string): Arn | undefined {
  const parts = parseArn(arn);
  return parts?.service === 'sns' && parts.region !== '' && /^[^:]+$/.test(parts.resource)
    ? parts
    : undefined;
}

/** The form of a topic's ARN, for error messages. */
export const topicArnForm = 'arn:aws:sns:<region>:<account>:<name>';

/** A queue's ARN: its URL ends with `/<account>/<name>`. */
export function queueArnOf(
  queueUrl: string,
  { partition, region }: Pick<Arn, 'partition' | 'region'>,
): string {
  const [account = '', resource = ''] = queueUrl.split('/').slice(-2);
  return arnOf({ partition, service: 'sqs', region, account, resource });
}

/** The name in a function's ARN, `…:function:<name>` or `…:function:<name>:<alias>`. */
export function functionNameOf(functionArn: string): string | undefined {
  return parseArn(functionArn)?.resource.split(':')[1];
}

/** The partition that a Region is in. */
export function partitionOf(region: string): string {
  return region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** The name of a queue by its URL, or of what an ARN stands for: a topic, a queue, a function, … */
export function lastPart(urlOrArn: string): string {
  return urlOrArn.slice(Math.max(urlOrArn.lastIndexOf('/'), urlOrArn.lastIndexOf(':')) + 1);
}
