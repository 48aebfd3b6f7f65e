import { backlogAlarmSeconds } from '../../src/job/backlogAlarm.ts';
import { type FargateSettings, fargateSettings } from '../../src/job/compute.ts';
import { variablesOf } from '../../src/job/defineJob.ts';
import { durationSeconds } from '../../src/job/duration.ts';
import type { AnyJob, IamStatement } from '../../src/job/index.ts';
import { jobOptions } from '../../src/job/options.ts';
import { visibilityTimeoutSeconds } from '../../src/job/visibilityTimeout.ts';

/** A job's options in the units that AWS takes, with defaults filled in, and the settings that follow from them. */
export interface JobSettings {
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly maxAttempts: number;
  readonly alarmAfterSeconds: number;
  readonly alarmCount: number | undefined;
  readonly alarmWhen: 'either' | 'both';
  readonly backlogAlarmAfterSeconds: number;
  readonly maxConcurrency: number | undefined;
  readonly memoryMegabytes: number;
  readonly permissions: readonly IamStatement[];
  readonly environment: Readonly<Record<string, string>>;
  readonly visibilityTimeoutSeconds: number;
  /**
   * One more than `maxAttempts`, so that the runtime receives a message whose last attempt ended without an outcome. It
   * then sends the message to the dead-letter queue with that reason.
   */
  readonly maxReceiveCount: number;
  /** Undefined for a job that runs in Lambda. */
  readonly fargate: FargateSettings | undefined;
}

export function jobSettings(job: AnyJob, stage: string): JobSettings {
  const { timeout = jobOptions.timeout.default, batchWindow = jobOptions.batchWindow.default } = job;
  const maxAttempts = job.maxAttempts ?? jobOptions.maxAttempts.default;
  return {
    timeoutSeconds: durationSeconds(timeout),
    batchSize: job.batchSize ?? jobOptions.batchSize.default,
    batchWindowSeconds: durationSeconds(batchWindow),
    maxAttempts,
    alarmAfterSeconds: durationSeconds(job.alarmAfter ?? jobOptions.alarmAfter.default),
    alarmCount: job.alarmCount,
    alarmWhen: job.alarmWhen ?? jobOptions.alarmWhen.default,
    backlogAlarmAfterSeconds: backlogAlarmSeconds(job),
    maxConcurrency: job.maxConcurrency,
    memoryMegabytes: job.memory ?? jobOptions.memory.default,
    permissions: job.permissions ?? [],
    environment: variablesOf(job, stage),
    visibilityTimeoutSeconds: visibilityTimeoutSeconds(job),
    maxReceiveCount: maxAttempts + 1,
    fargate: fargateSettings(job.compute),
  };
}
