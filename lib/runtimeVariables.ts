import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { BundledJob } from './bundle.ts';
import type { LogLevel } from './jobFunction.ts';
import type { JobStores } from './jobStores.ts';

export interface RuntimeVariablesProps extends JobStores {
  readonly job: BundledJob;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly logLevel: LogLevel | undefined;
}

/**
 * The environment variables that the runtime reads, in Lambda and in a worker. Source maps make a dead letter's stack
 * readable; without the sources' text in them they cost no measurable time at a cold start.
 */
export function runtimeVariables(props: RuntimeVariablesProps): Record<string, string> {
  const { job, queue, deadLetterQueue, logLevel, filesBucket, idempotencyTable, statusTable } = props;
  return {
    JOB_QUEUE_URL: queue.queueUrl,
    JOB_DEAD_LETTER_QUEUE_URL: deadLetterQueue.queueUrl,
    JOB_CODE_VERSION: job.bundle.hash,
    JOB_FILES_BUCKET: filesBucket.bucketName,
    NODE_OPTIONS: '--enable-source-maps',
    ...(idempotencyTable === undefined ? {} : { JOB_IDEMPOTENCY_TABLE: idempotencyTable.tableName }),
    ...(statusTable === undefined ? {} : { JOB_STATUS_TABLE: statusTable.tableName }),
    ...(logLevel === undefined ? {} : { POWERTOOLS_LOG_LEVEL: logLevel }),
  };
}
