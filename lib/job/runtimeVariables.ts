import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { BundledJob } from '../bundle/bundle.ts';
import type { LogLevel } from './jobFunction.ts';
import type { JobSettings } from './jobSettings.ts';
import type { JobStores } from './jobStores.ts';

interface RuntimeVariablesProps extends JobStores {
  readonly job: BundledJob;
  readonly settings: JobSettings;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly logLevel: LogLevel | undefined;
}

/** The environment variables that the runtime reads, in Lambda and in a worker, and the job's own. */
export function runtimeVariables(props: RuntimeVariablesProps): Record<string, string> {
  const { job, settings, queue, deadLetterQueue, logLevel, filesBucket, idempotencyTable, statusTable } =
    props;
  return {
    JOB_QUEUE_URL: queue.queueUrl,
    JOB_DEAD_LETTER_QUEUE_URL: deadLetterQueue.queueUrl,
    JOB_CODE_VERSION: job.bundle.hash,
    JOB_FILES_BUCKET: filesBucket.bucketName,
    ...(idempotencyTable === undefined ? {} : { JOB_IDEMPOTENCY_TABLE: idempotencyTable.tableName }),
    ...(statusTable === undefined ? {} : { JOB_STATUS_TABLE: statusTable.tableName }),
    ...(logLevel === undefined ? {} : { POWERTOOLS_LOG_LEVEL: logLevel }),
    ...settings.environment,
    NODE_OPTIONS: nodeOptions(settings.environment.NODE_OPTIONS),
  };
}

/**
 * Source maps make a dead letter's stack readable; without the sources' text in them they cost no measurable time at a
 * cold start. A job's own options come beside them; an empty text is how it does without.
 */
function nodeOptions(own: string | undefined): string {
  const sourceMaps = '--enable-source-maps';
  if (own === undefined) return sourceMaps;
  return own === '' ? '' : `${sourceMaps} ${own}`;
}
