import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { AnyJob } from '../job/defineJob.ts';
import type { BatchSurroundings } from './batch.ts';
import { runBatch } from './batch.ts';
import { startDeadline } from './deadline.ts';
import { type JobQueue, sqsJobQueue } from './jobQueue.ts';
import { jobLogger } from './log.ts';
import { settle } from './settle.ts';

/**
 * Makes the Lambda handler of a job. It runs all messages of a batch at once, each on its own, and reports those that
 * SQS must deliver again. A message that fails does not affect the others, and the handler does not reject for it.
 *
 * It reads the environment variables `JOB_QUEUE_URL`, `JOB_DEAD_LETTER_QUEUE_URL` and `JOB_CODE_VERSION`, which the stack
 * sets.
 */
export function createHandler(
  job: AnyJob,
  jobName: string,
  { logger = jobLogger(jobName, codeVersion), queue = lambdaQueue(), once, tracker }: HandlerParts = {},
): (event: SQSEvent, context: LambdaContext) => Promise<SQSBatchResponse> {
  return async (event, context) => {
    if (!Array.isArray(event?.Records)) {
      throw new TypeError('no SQS event: publish to the topic');
    }
    const deadline = startDeadline(context.getRemainingTimeInMillis(), queue.prepare);
    try {
      const origin = {
        requestId: context.awsRequestId,
        logGroup: context.logGroupName,
        logStream: context.logStreamName,
        codeVersion,
      };
      const surroundings = { job, jobName, logger, queue, once, tracker, deadline, origin };
      const failed = await settle(await runBatch(event.Records, surroundings), surroundings);
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    } finally {
      deadline.clear();
    }
  };
}

/** The parts of a handler. `once` and `tracker` are present when the job asks for them. A test brings its own parts. */
type HandlerParts = Partial<Pick<BatchSurroundings, 'logger' | 'queue' | 'once' | 'tracker'>>;

export type LambdaContext = Pick<
  Context,
  'awsRequestId' | 'getRemainingTimeInMillis' | 'logGroupName' | 'logStreamName'
>;

/** Read once, because `process.env` is slow. */
const codeVersion = process.env.JOB_CODE_VERSION;

function lambdaQueue(): JobQueue {
  const { JOB_QUEUE_URL = '', JOB_DEAD_LETTER_QUEUE_URL = '' } = process.env;
  return sqsJobQueue({ queueUrl: JOB_QUEUE_URL, deadLetterQueueUrl: JOB_DEAD_LETTER_QUEUE_URL });
}
