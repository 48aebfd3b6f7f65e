import { deadLetterQueueName, jobNameOfQueue, lastPart } from '../src/names.ts';
import type { JobQueues } from './target.ts';

/**
 * The queues of every job of a platform, by the jobs' names. Its topic is `<platform>-<stage>`; of all queues, those that
 * have one beside them that ends in `-dead-letters` are its jobs': `<platform>-<stage>-<jobName>`.
 */
export function jobQueuesOf(topicArn: string, queueUrls: readonly string[]): Record<string, JobQueues> {
  const urls = new Map(queueUrls.map((url) => [lastPart(url), url]));
  const jobs = [...urls].flatMap(([queueName, queueUrl]) => {
    const deadLetterQueueUrl = urls.get(deadLetterQueueName(queueName));
    const jobName = jobNameOfQueue(lastPart(topicArn), queueName);
    if (deadLetterQueueUrl === undefined || jobName === undefined) return [];
    return [[jobName, { queueUrl, deadLetterQueueUrl }] as const];
  });
  return Object.fromEntries(jobs);
}
