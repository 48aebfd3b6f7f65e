import type { IFargateService } from 'aws-cdk-lib/aws-ecs';
import type { IGrantable, IPrincipal } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnSubscription, type ITopic } from 'aws-cdk-lib/aws-sns';
import { type IQueue, Queue, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { durationSeconds } from '../../src/job/duration.ts';
import type { AnyJob } from '../../src/job/index.ts';
import { deadLetterRetention, queueRetention } from '../../src/job/retention.ts';
import type { JobNames } from '../../src/names.ts';
import type { BundledJob } from '../bundle/bundle.ts';
import { PlatformQueue } from '../platform/platformQueue.ts';
import type { ResourceNames } from '../platform/resourceNames.ts';
import type { JobStores } from '../platform/stores.ts';
import { tagResources } from '../platform/tags.ts';
import type { WorkerCluster } from '../platform/workerCluster.ts';
import { addJobAlarms } from './jobAlarms.ts';
import { type JobRunnerProps, jobFunction, type LogLevel } from './jobFunction.ts';
import { addRecurringSchedules, type JobSchedules } from './jobSchedules.ts';
import { jobService } from './jobService.ts';
import { type JobSettings, jobSettings } from './jobSettings.ts';

/** The job, and what all jobs share. Nothing comes from another job, so that jobs can live in stacks of their own. */
interface JobResourcesProps {
  readonly job: BundledJob;
  readonly names: ResourceNames;
  readonly topic: ITopic;
  readonly alarmTopic: ITopic;
  /** Takes the messages that SNS could not deliver to the job's queue. */
  readonly undeliveredQueue: IQueue;
  readonly logRetention: RetentionDays;
  readonly logLevel: LogLevel | undefined;
  /** The platform's stores; the job uses those that it asks for. */
  readonly stores: JobStores;
  /** The platform's cluster; undefined where no job runs on Fargate. */
  readonly workers: WorkerCluster | undefined;
  /** The platform's role and groups, used where the job recurs. */
  readonly schedules: JobSchedules;
}

/**
 * Everything that one job has on AWS. The construct itself is what permissions are granted to, for its function or its
 * tasks: `bucket.grantRead(platform.job('ReportJob'))`.
 */
export class JobResources extends Construct implements IGrantable {
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  /** Undefined where the job runs on Fargate. */
  readonly function: IFunction | undefined;
  /** Undefined where the job runs in Lambda. */
  readonly service: IFargateService | undefined;
  /** Brings the messages of this `jobName` from the topic into the queue. */
  readonly subscription: CfnSubscription;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: JobResourcesProps) {
    super(scope, id);
    const { job, alarmTopic } = props;
    const names = props.names.ofJob(job.name);
    const settings = jobSettings(job.job, props.names.stage);
    const deadLetterQueue = addDeadLetterQueue(this, names, props);
    const queue = addQueue(this, names, settings, deadLetterQueue, props);
    const queues = { queue, deadLetterQueue };

    this.queue = queue;
    this.deadLetterQueue = deadLetterQueue;
    this.subscription = subscribe(this, queue, props);
    const stores = storesOf(job.job, props.stores);
    const consumer = addConsumer(this, { ...props, ...queues, ...stores, names, settings });
    this.function = consumer.function;
    this.service = consumer.service;
    this.grantPrincipal = consumer.grantPrincipal;
    addRecurringSchedules(this, { ...props, subscription: this.subscription });
    const clusterName = props.names.cluster;
    addJobAlarms(this, { ...queues, jobName: job.name, names, settings, alarmTopic, clusterName });
    tagResources(this, { platform: props.names.platform, stage: props.names.stage, job: job.name });
  }
}

/** The stores that the job asks for. */
function storesOf({ idempotency, track }: AnyJob, stores: JobStores): JobStores {
  return {
    filesBucket: stores.filesBucket,
    idempotencyTable: idempotency === undefined ? undefined : stores.idempotencyTable,
    statusTable: track === true ? stores.statusTable : undefined,
  };
}

/** Accepts dead letters of the job's own queue only, and what the job's role sends. */
function addDeadLetterQueue(scope: Construct, names: JobNames, props: JobResourcesProps): Queue {
  const sourceArn = Stack.of(scope).formatArn({ service: 'sqs', resource: names.queue });
  return new PlatformQueue(scope, 'DeadLetterQueue', {
    queueName: names.deadLetterQueue,
    retentionPeriod: Duration.seconds(durationSeconds(deadLetterRetention)),
    redriveAllowPolicy: {
      redrivePermission: RedrivePermission.BY_QUEUE,
      sourceQueues: [Queue.fromQueueArn(scope, 'QueueByName', sourceArn)],
    },
    isProduction: props.names.isProduction,
  });
}

function addQueue(
  scope: Construct,
  names: JobNames,
  { visibilityTimeoutSeconds, maxReceiveCount }: JobSettings,
  deadLetterQueue: Queue,
  props: JobResourcesProps,
): PlatformQueue {
  return new PlatformQueue(scope, 'Queue', {
    queueName: names.queue,
    retentionPeriod: Duration.seconds(durationSeconds(queueRetention)),
    visibilityTimeout: Duration.seconds(visibilityTimeoutSeconds),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount },
    isProduction: props.names.isProduction,
  });
}

/** Messages come in SNS's envelope, not raw: its MessageId stays the same through retries and redrives. */
function subscribe(scope: Construct, queue: PlatformQueue, props: JobResourcesProps): CfnSubscription {
  const subscription = new CfnSubscription(scope, 'Subscription', {
    topicArn: props.topic.topicArn,
    protocol: 'sqs',
    endpoint: queue.queueArn,
    filterPolicy: { jobName: [props.job.name] },
    redrivePolicy: { deadLetterTargetArn: props.undeliveredQueue.queueArn },
  });
  subscription.node.addDependency(queue.acceptFrom(props.topic));
  return subscription;
}

interface Consumer {
  readonly function?: IFunction;
  readonly service?: IFargateService;
  readonly grantPrincipal: IPrincipal;
}

type ConsumerProps = JobRunnerProps & Pick<JobResourcesProps, 'workers'>;

/** A function or a service, never both: they would take each other's messages. */
function addConsumer(scope: Construct, props: ConsumerProps): Consumer {
  const { settings, queue, workers } = props;
  if (settings.fargate !== undefined && workers !== undefined) {
    const { service, role } = jobService(scope, { ...props, fargate: settings.fargate, workers });
    return { service, grantPrincipal: role };
  }
  const target = jobFunction(scope, props);
  consume(scope, queue, target, settings);
  return { function: target, grantPrincipal: target.grantPrincipal };
}

/** Reports batch item failures: otherwise one failure would run its whole batch again. */
function consume(scope: Construct, queue: IQueue, target: IFunction, settings: JobSettings): void {
  const { batchSize, batchWindowSeconds, maxConcurrency } = settings;
  new EventSourceMapping(scope, 'EventSourceMapping', {
    target,
    eventSourceArn: queue.queueArn,
    batchSize,
    maxBatchingWindow: Duration.seconds(batchWindowSeconds),
    reportBatchItemFailures: true,
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
  });
}
