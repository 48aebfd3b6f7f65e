import { devNull } from 'node:os';
import type { AnyJob } from '../../src/job/index.ts';
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
  for (const { environment = {} } of jobs) {
    for (const [name, value] of Object.entries(environment)) process.env[name] ??= value;
  }
}

/** For the local platform everything, so that nothing of the developer's own configuration reaches real AWS. */
function targetVariables({ clientConfig: { region, endpoint, credentials }, speed }: Target) {
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
  };
}

/** The platform's idempotency table, by its name: `<platform>-<stage>-idempotency` beside the topic `<platform>-<stage>`. */
export function idempotencyTable(target: Target | undefined): string | undefined {
  const { JOB_IDEMPOTENCY_TABLE } = process.env;
  if (JOB_IDEMPOTENCY_TABLE) return JOB_IDEMPOTENCY_TABLE;
  return target && `${target.topicArn.slice(target.topicArn.lastIndexOf(':') + 1)}-idempotency`;
}
