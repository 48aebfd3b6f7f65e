import { dynamoOnce } from '../../../src/idempotency/once.ts';
import { runWorkerProcess } from '../../../src/worker/process.ts';
import { testJob } from './testJob.ts';

/** What a container with the test job runs. `TIMEOUT` and `JOB_IDEMPOTENCY_TABLE` change the job. */
const { TIMEOUT, JOB_IDEMPOTENCY_TABLE } = process.env;
const job = {
  ...testJob,
  ...(TIMEOUT ? { timeout: TIMEOUT as '30s' } : {}),
  ...(JOB_IDEMPOTENCY_TABLE ? { idempotency: {} } : {}),
};
const once = job.idempotency && dynamoOnce('TestJob', job.idempotency);
process.exitCode = await runWorkerProcess([{ job, name: 'TestJob', once }]);
