import { onceGroupName, recurringGroupName, undeliveredQueueName } from '../../src/names.ts';
import { SynthError } from './synthError.ts';

/** What tells one platform in an account and Region from another. */
export interface PlatformId {
  /**
   * Lower-case letters and digits, at most 20, but not `aws…` or `ssm…`. No hyphens, which would let two platforms share
   * a name. @default 'jobs'
   */
  readonly platform?: string | undefined;
  /** Lower-case letters and digits, at most 20. No hyphens, which would let two platforms share a name. @default 'dev' */
  readonly stage?: string | undefined;
}

/** The names of a platform's AWS resources: `<platform>-<stage>-<job>` and the like, readable and known in advance. */
export interface ResourceNames {
  readonly platform: string;
  readonly stage: string;
  /** Whether queues outlive their removal from the stack. */
  readonly isProduction: boolean;
  readonly topic: string;
  readonly alarmTopic: string;
  readonly unroutedQueue: string;
  readonly undeliveredQueue: string;
  readonly idempotencyTable: string;
  readonly statusTable: string;
  /** The API of the tracked jobs: its function, and its HTTP API where it has one. */
  readonly api: string;
  /** Of the schedules in job files. */
  readonly scheduleGroup: string;
  /** Of delayed publishes. */
  readonly onceScheduleGroup: string;
  /** The ECS cluster of the jobs that run on Fargate. */
  readonly cluster: string;
  /** The SSM parameter that holds the topic's ARN. */
  readonly topicParameter: string;
  ofJob(jobName: string): JobResourceNames;
}

export interface JobResourceNames {
  readonly queue: string;
  readonly deadLetterQueue: string;
  readonly function: string;
  readonly logGroup: string;
  /** Of a job that runs on Fargate: its service and its task definition's family. */
  readonly service: string;
  readonly serviceLogGroup: string;
}

/** A platform where nothing else is said. */
export const defaultPlatformId = { platform: 'jobs', stage: 'dev' } as const;

/** The stage whose queues are retained when a job, or the stack, is removed. */
export const productionStage = 'prod';

/** SQS's longest queue name and Lambda's longest function name, in characters. */
export const nameLengths = { queue: 80, function: 64 } as const;

/** @throws {SynthError} when the platform's or the stage's name cannot be part of a resource's name */
export function resourceNames({
  platform = defaultPlatformId.platform,
  stage = defaultPlatformId.stage,
}: PlatformId = {}): ResourceNames {
  assertName('platform', platform);
  assertName('stage', stage);
  const prefix = `${platform}-${stage}`;
  return {
    platform,
    stage,
    isProduction: stage === productionStage,
    topic: prefix,
    alarmTopic: `${prefix}-alarms`,
    unroutedQueue: `${prefix}-unrouted`,
    undeliveredQueue: undeliveredQueueName(prefix),
    idempotencyTable: `${prefix}-idempotency`,
    statusTable: `${prefix}-status`,
    api: `${prefix}-api`,
    scheduleGroup: recurringGroupName(prefix),
    onceScheduleGroup: onceGroupName(prefix),
    cluster: prefix,
    topicParameter: `/${platform}/${stage}/topic-arn`,
    ofJob: (jobName) => namesOfJob(`${prefix}-${jobName}`),
  };
}

function namesOfJob(name: string): JobResourceNames {
  return {
    queue: name,
    deadLetterQueue: `${name}-dead-letters`,
    function: name,
    logGroup: `/aws/lambda/${name}`,
    service: name,
    serviceLogGroup: `/ecs/${name}`,
  };
}

/** Twenty characters each leave a job's name at least 22 of Lambda's 64. */
function assertName(what: 'platform' | 'stage', name: string): void {
  // The platform's is the first in the name of the SSM parameter.
  const [reserved, exception] = what === 'platform' ? [/^(aws|ssm)/, ' but not with aws or ssm'] : [/^$/, ''];
  if (/^[a-z][a-z0-9]{0,19}$/.test(name) && !reserved.test(name)) return;
  throw new SynthError(
    `The ${what} '${name}' cannot be part of a resource's name; allowed: 1 to 20 lower-case letters and digits, ` +
      `starting with a letter${exception}. Choose one like '${defaultPlatformId[what]}' ` +
      `(-c ${what}=${defaultPlatformId[what]}).`,
  );
}
