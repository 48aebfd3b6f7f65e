import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { BundledJob } from './bundle.ts';
import type { IdempotencyTable } from './IdempotencyTable.ts';
import type { LogLevel } from './jobFunction.ts';

export interface RuntimeVariablesProps {
  readonly job: BundledJob;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly logLevel: LogLevel | undefined;
  /** Where the job asks for idempotency. */
  readonly idempotencyTable: IdempotencyTable | undefined;
}

/**
 * The environment variables that the runtime reads, in Lambda and in a worker. Source maps make a dead letter's stack
 * readable; without the sources' text in them they cost no measurable time at a cold start.
 */
export function runtimeVariables(props: RuntimeVariablesProps): Record<string, string> {
  const { job, queue, deadLetterQueue, logLevel, idempotencyTable } = props;
  return {
    JOB_QUEUE_URL: queue.queueUrl,
    JOB_DEAD_LETTER_QUEUE_URL: deadLetterQueue.queueUrl,
    JOB_CODE_VERSION: job.bundle.hash,
    NODE_OPTIONS: '--enable-source-maps',
    ...(idempotencyTable === undefined ? {} : { JOB_IDEMPOTENCY_TABLE: idempotencyTable.tableName }),
    ...(logLevel === undefined ? {} : { POWERTOOLS_LOG_LEVEL: logLevel }),
  };
}
