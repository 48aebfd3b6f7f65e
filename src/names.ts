/**
 * Composes the names of AWS resources, and takes their ARNs apart. No other file does either. A stack gives these
 * names, and a program that knows the topic derives all other names from the topic's name. Also knows the names of
 * environment variables that a job must not set.
 */

/** The names of a platform's resources. The topic is named `<platform>-<stage>`, and all other names begin with that. */
export interface PlatformNames {
  readonly topic: string;
  readonly alarmTopic: string;
  /** The queue for messages whose `jobName` is no job's. */
  readonly unroutedQueue: string;
  /** The queue for what SNS and EventBridge Scheduler could not deliver. */
  readonly undeliveredQueue: string;
  readonly idempotencyTable: string;
  readonly statusTable: string;
  /** The status API's function, and its HTTP API where it has one. */
  readonly api: string;
  /** The group of the schedules in job files. */
  readonly scheduleGroup: string;
  /** The group of the one-off schedules that delay jobs. */
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
  /** The service of a job that runs on Fargate, and the family of its task definition. */
  readonly service: string;
  readonly serviceLogGroup: string;
}

export function topicName(platform: string, stage: string): string {
  return `${platform}-${stage}`;
}

/** The stage in a topic's name. Neither a platform's name nor a stage's has a hyphen. */
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

/** How the names of dead-letter queues end. No job's name ends like this. */
export const deadLettersSuffix = '-dead-letters';

/**
 * The name of an alarm, or of what an alarm triggers: it begins with the name of
 * what is watched, `<queue>-dead-letters-age`.
 */
export function alarmName(watched: string, what: string): string {
  return `${watched}-${what}`;
}

/** Whether an alarm watches the resource of that name, or one whose name begins with it. */
export function isAlarmOf(alarm: string, watched: string): boolean {
  return alarm === watched || alarm.startsWith(alarmName(watched, ''));
}

/** The stack's export that holds the topic's ARN. */
export function topicExportName(topic: string): string {
  return `${topic}-topic-arn`;
}

/** The log group of an API's access log. CloudWatch lets API Gateway write to groups whose names begin like this. */
export function apiLogGroup(api: string): string {
  return `/aws/vendedlogs/${api}`;
}

/** A function's log group, as Lambda names it by default. */
export function functionLogGroup(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}

/** How the names of all queues of a platform begin. */
export function queueNamePrefix(topic: string): string {
  return `${topic}-`;
}

/** The job to which a queue of that name would belong. Undefined for a queue of another platform. */
export function jobNameOfQueue(topic: string, queueName: string): string | undefined {
  const prefix = queueNamePrefix(topic);
  return queueName.startsWith(prefix) ? queueName.slice(prefix.length) : undefined;
}

/** The job in the name of its function or queue, `<platform>-<stage>-<jobName>`. */
export function jobNameIn(resourceName: string): string | undefined {
  return /^[a-z0-9]+-[a-z0-9]+-(.+)$/.exec(resourceName)?.[1];
}

/**
 * The role with which Scheduler publishes. An account has one set of roles for all Regions, so the name has the Region.
 */
export function schedulerRoleName(topic: string, region: string): string {
  return `${topic}-${region}-sched`;
}

/** The name of a recurring schedule in the platform's group, given its name in the job file. */
export function scheduleName(jobName: string, name: string): string {
  return `${jobName}-${name}`;
}

/** Whether Lambda or the platform sets the environment variable of that name: a job must not set it. */
export function isReservedVariable(name: string): boolean {
  return /^(AWS_|JOB_|_)|^LAMBDA_(TASK_ROOT|RUNTIME_DIR)$/.test(name);
}

/** The names that {@link isReservedVariable} knows, for error messages. */
export const reservedVariables =
  'LAMBDA_TASK_ROOT, LAMBDA_RUNTIME_DIR and every name that begins with AWS_, JOB_ or _';

/**
 * How long names may be, in characters: a queue's in SQS, a function's in
 * Lambda, a schedule's in EventBridge Scheduler.
 */
export const nameLengths = { queue: 80, function: 64, schedule: 64 } as const;

/** `arn:<partition>:<service>:<region>:<account>:<resource>`. Region and account are empty for resources without them. */
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

/** The name of a queue in its URL, or of a topic, a queue or a function in its ARN. */
export function lastPart(urlOrArn: string): string {
  return urlOrArn.slice(Math.max(urlOrArn.lastIndexOf('/'), urlOrArn.lastIndexOf(':')) + 1);
}
