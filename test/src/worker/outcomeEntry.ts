// Loaded from the beginning: else a slow machine takes a second's timeout to load it in.
import '@aws-sdk/client-sqs';
import { dynamoOnce } from '../../../src/idempotency/once.ts';
import { runWorkerProcess } from '../../../src/worker/process.ts';
import job from './outcomeJob.ts';

/** What a container of the job would run; idempotent when there is a table. */
const { JOB_IDEMPOTENCY_TABLE, TIMEOUT } = process.env;
const idempotency = JOB_IDEMPOTENCY_TABLE ? {} : undefined;
const timed = { ...job, timeout: TIMEOUT as '10s' };
process.exitCode = await runWorkerProcess([
  idempotency
    ? { job: { ...timed, idempotency }, name: 'TestJob', once: dynamoOnce('TestJob', idempotency) }
    : { job: timed, name: 'TestJob' },
]);
