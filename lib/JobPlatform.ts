import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { fargateSettings } from '../src/job/compute.ts';
import { AlarmTopic } from './AlarmTopic.ts';
import type { BundledJob } from './bundle.ts';
import { IdempotencyTable } from './IdempotencyTable.ts';
import { JobResources } from './JobResources.ts';
import { JobTopic } from './JobTopic.ts';
import type { LogLevel } from './jobFunction.ts';
import { warnNearLimits } from './limits.ts';
import { type PlatformId, type ResourceNames, resourceNames } from './resourceNames.ts';
import { SafetyNet } from './SafetyNet.ts';
import { SynthError } from './SynthError.ts';
import { tagResources } from './tags.ts';
import { WorkerCluster } from './WorkerCluster.ts';

/** `platform` and `stage` isolate one platform from another: every name starts with them. */
export interface JobPlatformProps extends PlatformId {
  /** What `loadJobs` found in src/jobs and bundled. */
  readonly jobs: readonly BundledJob[];
  /**
   * Who gets the alarms; each person has to confirm the subscription that SNS mails.
   * @default none
   */
  readonly alarmEmails?: readonly string[];
  /**
   * Encrypts both topics. Publishers need kms:Decrypt and kms:GenerateDataKey* on it, which `topic.grantPublish` gives.
   * @default none: SNS does not encrypt the messages it holds (the queues do)
   */
  readonly topicKey?: IKey;
  /**
   * Who may publish beside this account: `new AccountPrincipal('111122223333')`, `new ArnPrincipal(…)`,
   * `new OrganizationPrincipal('o-…')`, `new ServicePrincipal('events.amazonaws.com')`. Give a service the conditions
   * that it supports, such as `aws:SourceAccount`, so that it publishes on nobody else's behalf.
   * @default nobody
   */
  readonly allowedPublishers?: readonly IPrincipal[];
  /**
   * How long the jobs' logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * The least that the jobs' logs carry; a job's `environment` may set its own POWERTOOLS_LOG_LEVEL.
   * @default Powertools Logger's: INFO
   */
  readonly logLevel?: LogLevel;
  /**
   * Where the jobs run that ask for Fargate: in its private subnets, or in public ones where it has no others. Those
   * need a way out to SQS, ECR and CloudWatch Logs.
   * @default two public subnets, no NAT gateway and no inbound rule; none without such a job
   */
  readonly vpc?: IVpc;
}

/** The SNS topic, and for each job its queue, dead-letter queue, function (or Fargate service) and alarms. */
export class JobPlatform extends Construct {
  /** Publish here: a JSON body and the String attribute `jobName`. */
  readonly topic: JobTopic;
  readonly alarmTopic: AlarmTopic;
  readonly names: ResourceNames;
  readonly #jobs: ReadonlyMap<string, JobResources>;

  /** @throws {SynthError} when the platform's or the stage's name cannot be part of a resource's name */
  constructor(scope: Construct, id: string, props: JobPlatformProps) {
    super(scope, id);
    const names = resourceNames(props);
    const { topicKey: key, alarmEmails = [], allowedPublishers = [] } = props;
    this.names = names;
    this.topic = new JobTopic(this, 'Topic', { topicName: names.topic, key, allowedPublishers });
    this.alarmTopic = new AlarmTopic(this, 'AlarmTopic', {
      topicName: names.alarmTopic,
      key,
      emails: alarmEmails,
    });
    const safetyNet = new SafetyNet(this, 'SafetyNet', {
      names,
      topic: this.topic,
      alarmTopic: this.alarmTopic,
    });
    this.#jobs = this.#addJobs(props, safetyNet);
    safetyNet.catchUnrouted(this.#jobs);
    this.#publishTopicArn();
    tagResources(this, { platform: names.platform, stage: names.stage });
    warnNearLimits(this, this.#jobs.size);
  }

  /**
   * The resources of one job.
   * @throws {SynthError} when there is no such job
   */
  job(name: string): JobResources {
    const found = this.#jobs.get(name);
    if (found !== undefined) return found;
    const known = [...this.#jobs.keys()].join(', ') || 'none';
    throw new SynthError(
      `There is no job '${name}' in the platform ${this.names.topic}. Its jobs: ${known}.`,
    );
  }

  /** In a scope of their own, so that a job may be called Topic or SafetyNet. */
  #addJobs(props: JobPlatformProps, { undeliveredQueue }: SafetyNet): Map<string, JobResources> {
    const { names, topic, alarmTopic } = this;
    const idempotencyTable = this.#idempotencyTable(props);
    const { logLevel, logRetention = RetentionDays.ONE_MONTH } = props;
    const workers = this.#workerCluster(props);
    const shared = {
      names,
      topic,
      alarmTopic,
      undeliveredQueue,
      logLevel,
      logRetention,
      idempotencyTable,
      workers,
    };
    const scope = new Construct(this, 'Job');
    return new Map(
      props.jobs.map((job) => [job.name, new JobResources(scope, job.name, { ...shared, job })] as const),
    );
  }

  /** Only where a job asks for it. */
  #idempotencyTable({ jobs }: JobPlatformProps): IdempotencyTable | undefined {
    if (jobs.every(({ job }) => job.idempotency === undefined)) return undefined;
    const { idempotencyTable: tableName, isProduction } = this.names;
    return new IdempotencyTable(this, 'IdempotencyTable', { tableName, isProduction });
  }

  /** Only where a job asks for Fargate. */
  #workerCluster({ jobs, vpc }: JobPlatformProps): WorkerCluster | undefined {
    if (jobs.every(({ job }) => fargateSettings(job.compute) === undefined)) return undefined;
    return new WorkerCluster(this, 'Workers', { clusterName: this.names.cluster, vpc });
  }

  /** For other stacks, and for programs that know the platform's name only. */
  #publishTopicArn(): void {
    new StringParameter(this, 'TopicParameter', {
      parameterName: this.names.topicParameter,
      stringValue: this.topic.topicArn,
      description: 'The topic that jobs are published to',
    });
  }
}
