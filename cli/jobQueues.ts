import { lastPart } from './lastPart.ts';
import type { JobQueues } from './target.ts';

/**
 * The queues of every job of a platform, by the jobs' names. Its topic is `<platform>-<stage>`; of all queues, those that
 * have one beside them that ends in `-dead-letters` are its jobs': `<platform>-<stage>-<jobName>`.
 */
export function jobQueuesOf(topicArn: string, queueUrls: readonly string[]): Record<string, JobQueues> {
  const prefix = `${lastPart(topicArn)}-`;
  const urls = new Map(queueUrls.map((url) => [lastPart(url), url]));
  const jobs = [...urls].flatMap(([queueName, queueUrl]) => {
    const deadLetterQueueUrl = urls.get(`${queueName}-dead-letters`);
    if (deadLetterQueueUrl === undefined || !queueName.startsWith(prefix)) return [];
    return [[queueName.slice(prefix.length), { queueUrl, deadLetterQueueUrl }] as const];
  });
  return Object.fromEntries(jobs);
}
