import type { Engine } from './engine/engine.ts';
import type { PlatformFile } from './platformFile.ts';
import { filesBucketOf } from './resources/apis.ts';
import { type JobResources, jobsOf, jobTopicArn } from './resources/jobs.ts';
import type { Resource } from './resources/resourceType.ts';

/** What serves whom; read off the resources once for each assembly. */
export interface Routing {
  readonly topicArn: string | undefined;
  readonly jobs: readonly JobResources[];
  readonly apiUrl: string | undefined;
  readonly filesBucket: string | undefined;
}

export const noRouting: Routing = routingOf([], undefined);

export function routingOf(resources: readonly Resource[], apiUrl: string | undefined): Routing {
  return {
    topicArn: jobTopicArn(resources),
    jobs: jobsOf(resources),
    apiUrl,
    filesBucket: filesBucketOf(resources),
  };
}

/** The same for platform.json. */
export function writtenRouting(
  { topicArn, jobs, apiUrl, filesBucket }: Routing,
  engine: Engine,
): Pick<PlatformFile, 'topicArn' | 'jobs' | 'apiUrl' | 'filesBucket'> {
  const urls = jobs.map(({ name, queueName, deadLetterQueueName }) => {
    const deadLetterQueueUrl =
      deadLetterQueueName === undefined ? null : engine.queueUrl(deadLetterQueueName);
    return [name, { queueUrl: engine.queueUrl(queueName), deadLetterQueueUrl }] as const;
  });
  return {
    topicArn: topicArn ?? null,
    apiUrl: apiUrl ?? null,
    filesBucket: filesBucket ?? null,
    jobs: Object.fromEntries(urls),
  };
}
