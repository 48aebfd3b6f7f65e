import { dynamoOnce } from '../../../src/runtime/dynamoOnce.ts';
import { runWorkerProcess } from '../../../src/worker/index.ts';
import job from './outcomeJob.ts';

/** What a container of the job would run; idempotent when there is a table. */
const idempotency = process.env.JOB_IDEMPOTENCY_TABLE ? {} : undefined;
process.exitCode = await runWorkerProcess([
  idempotency
    ? { job: { ...job, idempotency }, name: 'TestJob', once: dynamoOnce('TestJob', idempotency) }
    : { job, name: 'TestJob' },
]);
