import type { Engine } from '../aws/engine/engine.ts';
import { filesBucketOf } from '../aws/resources/apis.ts';
import type { Resource } from '../aws/resources/resourceType.ts';
import { type JobResources, jobsOf, jobTopicArn } from './jobs.ts';
import type { PlatformFile } from './platformFile.ts';

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
