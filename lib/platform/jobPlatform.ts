import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Grant, IGrantable, IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Annotations, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { fargateSettings } from '../../src/job/compute.ts';
import { topicExportName } from '../../src/names.ts';
import { checkedApiOptions, type JobApiOptions } from '../api/apiOptions.ts';
import { JobApi } from '../api/jobApi.ts';
import type { BundledJob, JobBundle } from '../bundle/bundle.ts';
import type { LogLevel } from '../job/jobFunction.ts';
import { JobResources } from '../job/jobResources.ts';
import { JobSchedules } from '../job/jobSchedules.ts';
import { checkLimits } from './limits.ts';
import { type PlatformId, type ResourceNames, resourceNames } from './resourceNames.ts';
import { SafetyNet } from './safetyNet.ts';
import { FilesBucket, IdempotencyTable, type JobStores, StatusTable } from './stores.ts';
import { SynthError } from './synthError.ts';
import { tagResources } from './tags.ts';
import { AlarmTopic, JobTopic } from './topics.ts';
import { WorkerCluster } from './workerCluster.ts';

/** `platform` and `stage` isolate one platform from another: every name starts with them. */
interface JobPlatformProps extends PlatformId {
  /** What `loadJobs` found in src/jobs and bundled. */
  readonly jobs: readonly BundledJob[];
  /**
   * What `loadJobs` made of src/api and the jobs that track. The API needs it where a job tracks.
   * @default none
   */
  readonly apiBundle?: JobBundle | undefined;
  /**
   * Who may call the API of the jobs that track, and from which websites; false leaves the API out. A platform without
   * such a job has no API.
   * @default {}: callers sign with IAM credentials, and no website's pages may call it
   */
  readonly api?: JobApiOptions | false;
  /**
   * Who gets the alarms by e-mail. Each person has to confirm the subscription in an e-mail from SNS.
   * @default none
   */
  readonly alarmEmails?: readonly string[];
  /**
   * Encrypts both topics. Publishers need kms:Decrypt and kms:GenerateDataKey* on the key: `topic.grantPublish` grants both.
   * @default none: SNS does not encrypt the messages it holds (the queues do)
   */
  readonly topicKey?: IKey;
  /**
   * Who may publish beside this account: `new AccountPrincipal('111122223333')`, `new ArnPrincipal(…)`,
   * `new OrganizationPrincipal('o-…')`, `new ServicePrincipal('events.amazonaws.com')`. Give a service the conditions
   * that it supports, such as `aws:SourceAccount`, so that nobody else can make it publish.
   * @default nobody
   */
  readonly allowedPublishers?: readonly IPrincipal[];
  /**
   * How long the logs of the jobs and of the API are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * The least severe lines that these logs carry. A job's `environment` may set its own POWERTOOLS_LOG_LEVEL.
   * @default Powertools Logger's: INFO
   */
  readonly logLevel?: LogLevel;
  /**
   * Where the jobs run that ask for Fargate: in the VPC's private subnets, or in its public ones where it has no private
   * ones. The subnets need a way out to SQS, ECR and CloudWatch Logs.
   * @default two public subnets, no NAT gateway and no inbound rule; none without such a job
   */
  readonly vpc?: IVpc;
}

/** The SNS topic, and for each job its queue, dead-letter queue, function (or Fargate service) and alarms. */
export class JobPlatform extends Construct {
  /** Publish here: a JSON body and the String attribute `jobName`. */
  readonly topic: JobTopic;
  readonly alarmTopic: AlarmTopic;
  /**
   * Uploads, results, and payloads too large for SNS. A publisher of large payloads needs
   * `platform.filesBucket.grantPut(webApp, 'payloads/*')`.
   */
  readonly filesBucket: FilesBucket;
  /** Undefined while no job tracks. */
  readonly statusTable: StatusTable | undefined;
  /** Undefined while no job tracks, or where `api` is false. */
  readonly api: JobApi | undefined;
  readonly names: ResourceNames;
  readonly #schedules: JobSchedules;
  readonly #jobs: ReadonlyMap<string, JobResources>;

  /**
   * @throws {SynthError} when the platform's or the stage's name cannot be part of a resource's name, AWS would refuse the
   * API's options, or the stack has more resources than CloudFormation allows
   */
  constructor(scope: Construct, id: string, props: JobPlatformProps) {
    super(scope, id);
    const names = resourceNames(props);
    const { topicKey: key, alarmEmails = [], allowedPublishers = [] } = props;
    const api = checkedApiOptions(props.api === false ? {} : props.api);
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
    const { isProduction } = names;
    this.filesBucket = new FilesBucket(this, 'FilesBucket', { isProduction, origins: api.origins ?? [] });
    this.statusTable = this.#statusTable(props);
    this.#schedules = new JobSchedules(this, 'Schedules', {
      names,
      topic: this.topic,
      topicKey: key,
      undeliveredQueue: safetyNet.undeliveredQueue,
    });
    this.#jobs = this.#addJobs(props, safetyNet);
    safetyNet.catchUnrouted(this.#jobs);
    this.api = this.#addApi(props, api);
    this.#publishTopicArn();
    tagResources(this, { platform: names.platform, stage: names.stage });
    checkLimits(this, this.#jobs.size);
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

  /** Lets a publisher delay, move and cancel jobs. Publishing at once needs `topic.grantPublish`. */
  grantDelay(grantee: IGrantable): Grant {
    return this.#schedules.grantDelay(grantee);
  }

  /** Jobs have a scope of their own, so that a job may be called Topic or SafetyNet. */
  #addJobs(props: JobPlatformProps, { undeliveredQueue }: SafetyNet): Map<string, JobResources> {
    const { names, topic, alarmTopic } = this;
    const { filesBucket, statusTable } = this;
    const stores: JobStores = { filesBucket, statusTable, idempotencyTable: this.#idempotencyTable(props) };
    const { logLevel, logRetention = defaultLogRetention } = props;
    const workers = this.#workerCluster(props);
    const schedules = this.#schedules;
    const queues = { topic, alarmTopic, undeliveredQueue };
    const shared = { names, ...queues, logLevel, logRetention, stores, workers, schedules };
    const scope = new Construct(this, 'Job');
    return new Map(
      props.jobs.map((job) => [job.name, new JobResources(scope, job.name, { ...shared, job })] as const),
    );
  }

  /** Undefined where no job asks for idempotency. */
  #idempotencyTable({ jobs }: JobPlatformProps): IdempotencyTable | undefined {
    if (jobs.every(({ job }) => job.idempotency === undefined)) return undefined;
    const { idempotencyTable: tableName, isProduction } = this.names;
    return new IdempotencyTable(this, 'IdempotencyTable', { tableName, isProduction });
  }

  /** Undefined where no job tracks. */
  #statusTable({ jobs }: JobPlatformProps): StatusTable | undefined {
    if (jobs.every(({ job }) => job.track !== true)) return undefined;
    const { statusTable: tableName, isProduction } = this.names;
    return new StatusTable(this, 'StatusTable', { tableName, isProduction });
  }

  /** Undefined where no job asks for Fargate. */
  #workerCluster({ jobs, vpc }: JobPlatformProps): WorkerCluster | undefined {
    if (jobs.every(({ job }) => fargateSettings(job.compute) === undefined)) return undefined;
    return new WorkerCluster(this, 'Workers', { clusterName: this.names.cluster, vpc });
  }

  /** Undefined where no job tracks, or `api` is false. */
  #addApi(props: JobPlatformProps, options: JobApiOptions): JobApi | undefined {
    const { names, topic, alarmTopic, filesBucket, statusTable } = this;
    const { jobs, apiBundle: bundle, logLevel, logRetention = defaultLogRetention } = props;
    if (props.api === false || statusTable === undefined) return undefined;
    const trackedJobs = jobs.filter(({ job }) => job.track === true).map(({ name }) => name);
    if (bundle === undefined) {
      throw new SynthError(
        `The jobs ${trackedJobs.join(', ')} track, so the platform ${names.topic} has an API, but its bundle is ` +
          'missing: pass on what loadJobs gives, new JobPlatform(…, { jobs, apiBundle }), or set api: false.',
      );
    }
    const shared = { names, topic, alarmTopic, filesBucket, statusTable, logLevel, logRetention };
    return new JobApi(this, 'Api', { ...shared, bundle, trackedJobs, options });
  }

  /** Tells the topic's ARN to other stacks, and to programs that know the platform's name only. */
  #publishTopicArn(): void {
    new StringParameter(this, 'TopicParameter', {
      parameterName: this.names.topicParameter,
      stringValue: this.topic.topicArn,
      description: 'The topic that jobs are published to',
    });
  }
}

const defaultLogRetention = RetentionDays.ONE_MONTH;

export interface JobPlatformStackProps extends StackProps, JobPlatformProps {
  /**
   * What `loadJobs` warns of; `cdk synth` shows it.
   * @default none
   */
  readonly warnings?: readonly string[];
}

/** A platform in a stack of its own. @default stackName `<platform>-<stage>` */
export class JobPlatformStack extends Stack {
  readonly platform: JobPlatform;

  constructor(scope: Construct, id: string, { warnings = [], ...props }: JobPlatformStackProps) {
    const { topic: stackName } = resourceNames(props);
    super(scope, id, { stackName, description: `Background jobs: the platform ${stackName}`, ...props });
    this.platform = new JobPlatform(this, 'Jobs', props);
    this.#addOutputs();
    for (const warning of warnings) Annotations.of(this).addWarningV2('serverless-jobs:job-files', warning);
  }

  #addOutputs(): void {
    const { topic, alarmTopic, filesBucket, api, names } = this.platform;
    new CfnOutput(this, 'TopicArn', {
      value: topic.topicArn,
      description: 'The topic that jobs are published to',
      exportName: topicExportName(names.topic),
    });
    new CfnOutput(this, 'AlarmTopicArn', {
      value: alarmTopic.topicArn,
      description: 'The topic that alarms are published to',
    });
    new CfnOutput(this, 'FilesBucket', {
      value: filesBucket.bucketName,
      description: 'The bucket of uploads, results and payloads too large for the topic',
    });
    if (api === undefined) return;
    new CfnOutput(this, 'ApiUrl', { value: api.url, description: 'The API of the jobs that track' });
  }
}
