import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { AnyJob } from '../job/defineJob.ts';
import type { BatchSurroundings } from './batch.ts';
import { runBatch } from './batch.ts';
import { startDeadline } from './deadline.ts';
import { type JobQueue, sqsJobQueue } from './jobQueue.ts';
import { jobLogger } from './log.ts';
import { settle } from './settle.ts';

/**
 * The Lambda handler of a job: runs each message of a batch on its own, all at once, and reports those that are to
 * be delivered again. It never rejects for a message's sake, so one failure never touches its neighbours.
 *
 * Reads `JOB_QUEUE_URL`, `JOB_DEAD_LETTER_QUEUE_URL` and `JOB_CODE_VERSION`, which the stack sets.
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

/** What a handler works with; `once` and `tracker` where the job asks for them. A test brings its own. */
type HandlerParts = Partial<Pick<BatchSurroundings, 'logger' | 'queue' | 'once' | 'tracker'>>;

export type LambdaContext = Pick<
  Context,
  'awsRequestId' | 'getRemainingTimeInMillis' | 'logGroupName' | 'logStreamName'
>;

/** Read once: `process.env` is slow to read. */
const codeVersion = process.env.JOB_CODE_VERSION;

function lambdaQueue(): JobQueue {
  const { JOB_QUEUE_URL = '', JOB_DEAD_LETTER_QUEUE_URL = '' } = process.env;
  return sqsJobQueue({ queueUrl: JOB_QUEUE_URL, deadLetterQueueUrl: JOB_DEAD_LETTER_QUEUE_URL });
}
