import { devNull } from 'node:os';
import { variablesOf } from '../../src/job/defineJob.ts';
import type { AnyJob } from '../../src/job/index.ts';
import { lastPart, type PlatformNames, platformNames, stageOf } from '../../src/names.ts';
import type { Target } from '../target.ts';

/**
 * Makes this process what the jobs' own would be: AWS clients, the jobs' own too, talk to the target, and variables that
 * a job's file gives are set, unless they are already.
 */
export function prepareEnvironment(target: Target | undefined, jobs: Iterable<AnyJob>): void {
  if (target !== undefined) Object.assign(process.env, targetVariables(target));
  if (target?.clientConfig.endpoint !== undefined) {
    for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN']) delete process.env[name];
  }
  for (const job of jobs) {
    // Without a target nobody knows the stage: then a function's variables are for the operator to set.
    if (target === undefined && typeof job.environment === 'function') continue;
    const variables = variablesOf(job, target === undefined ? '' : stageOf(lastPart(target.topicArn)));
    for (const [name, value] of Object.entries(variables)) process.env[name] ??= value;
  }
}

/** For the local platform everything, so that nothing of the developer's own configuration reaches real AWS. */
function targetVariables({ clientConfig: { region, endpoint, credentials }, speed, filesBucket }: Target) {
  return {
    ...(region ? { AWS_REGION: region } : {}),
    ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint, AWS_CONFIG_FILE: devNull }),
    ...(credentials === undefined
      ? {}
      : {
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          AWS_SHARED_CREDENTIALS_FILE: devNull,
        }),
    ...(speed === undefined ? {} : { JOB_SQS_SPEED: String(speed) }),
    ...(filesBucket === undefined ? {} : { JOB_FILES_BUCKET: filesBucket }),
  };
}

/** The platform's table of idempotent jobs. */
export function idempotencyTable(target: Target | undefined): string | undefined {
  return process.env.JOB_IDEMPOTENCY_TABLE || namesOf(target)?.idempotencyTable;
}

/** The platform's table of tracked jobs. */
export function statusTable(target: Target | undefined): string | undefined {
  return process.env.JOB_STATUS_TABLE || namesOf(target)?.statusTable;
}

function namesOf(target: Target | undefined): PlatformNames | undefined {
  return target && platformNames(lastPart(target.topicArn));
}
