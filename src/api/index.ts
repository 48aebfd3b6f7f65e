import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { handle, type LambdaContext, type LambdaEvent, streamHandle } from 'hono/aws-lambda';
import type { AnyJob } from '../job/index.ts';
import { createPublisher } from '../publisher/index.ts';
import { createStatusStore } from '../tracking/store.ts';
import type { ApiJob } from './apiJob.ts';
import { createApi } from './app.ts';
import type { ApiAuth } from './caller.ts';
import { sqsDeadLetters } from './deadLetters.ts';
import { s3FileLinks } from './fileLinks.ts';
import { ownPagesFolder } from './pages.ts';

export type { ApiJob } from './apiJob.ts';

/** A Lambda handler of API Gateway's payload format 2.0, which a function URL uses too. */
export type ApiHandler = (event: LambdaEvent, context: LambdaContext) => Promise<unknown>;

/**
 * Makes the API's Lambda handler. It reads the environment variables that the stack sets: `JOB_TOPIC_ARN`,
 * `JOB_STATUS_TABLE`, `JOB_FILES_BUCKET`, `JOB_PLATFORM` (such as `jobs-dev`), `JOB_API_AUTH` (`iam` or `jwt`), and
 * `JOB_API_STREAMS` (`true` behind a function URL that streams answers).
 * @param jobs the tracked jobs
 * @throws {TypeError} when a variable is missing or wrong: the API must not start without knowing who may call it
 */
export function createApiHandler(jobs: readonly ApiJob[]): ApiHandler {
  const streams = process.env.JOB_API_STREAMS === 'true';
  const filesBucket = variable('JOB_FILES_BUCKET');
  const app = createApi({
    jobs,
    auth: authOf(variable('JOB_API_AUTH')),
    streams,
    store: createStatusStore({ tableName: variable('JOB_STATUS_TABLE') }),
    publisher: createPublisher<Record<string, AnyJob>>({ topicArn: variable('JOB_TOPIC_ARN'), filesBucket }),
    files: s3FileLinks(filesBucket),
    deadLetters: sqsDeadLetters(variable('JOB_PLATFORM')),
    pagesFolder: ownPagesFolder,
    logger: new Logger({ serviceName: 'api', persistentKeys: { codeVersion: process.env.JOB_CODE_VERSION } }),
    now: Date.now,
    sleep,
  });
  return (streams ? streamHandle(app) : handle(app)) as ApiHandler;
}

function variable(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  throw new TypeError(`${name} is not set: the stack and the local platform set it for the API's function`);
}

function authOf(text: string): ApiAuth {
  if (text === 'iam' || text === 'jwt') return text;
  throw new TypeError(`JOB_API_AUTH must be iam or jwt, was ${JSON.stringify(text)}`);
}
