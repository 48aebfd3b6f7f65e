import type { CorsRule } from '../http/cors.ts';
import { type LifecycleRule, startLifecycle } from './bucketLifecycle.ts';
import type { FauxqsStores } from './fauxqs.ts';

/** What the template says about a bucket. */
export interface BucketConfig {
  readonly cors: readonly CorsRule[];
  readonly lifecycle: readonly LifecycleRule[];
}

/** The buckets of the template; others can be made by any S3 client, and have no rules. */
export interface Buckets {
  /** Makes the bucket, or changes its rules. */
  put(name: string, config: BucketConfig): void;
  /** With everything in it. */
  delete(name: string): void;
  corsRules(name: string): readonly CorsRule[];
  /** Lets the pages of these origins use every bucket: those that the local API serves. */
  servePagesFrom(origins: () => readonly string[]): void;
  stop(): void;
}

export function createBuckets({ s3Store }: FauxqsStores, speed: number): Buckets {
  const configs = new Map<string, BucketConfig>();
  let ownOrigins: () => readonly string[] = () => [];
  const stopLifecycle = startLifecycle(
    s3Store,
    speed,
    () => new Map([...configs].map(([name, { lifecycle }]) => [name, lifecycle])),
  );
  return {
    put: (name, config) => {
      s3Store.createBucket(name);
      configs.set(name, config);
    },
    delete: (name) => {
      configs.delete(name);
      s3Store.emptyBucket(name);
      s3Store.deleteBucket(name);
    },
    corsRules: (name) => {
      const config = configs.get(name);
      return config ? [...config.cors, { ...ownPages, allowOrigins: ownOrigins() }] : [];
    },
    servePagesFrom: (origins) => {
      ownOrigins = origins;
    },
    stop: stopLifecycle,
  };
}

/** On AWS the template names the API's own origin, which it cannot know here. */
const ownPages: Omit<CorsRule, 'allowOrigins'> = {
  allowMethods: ['GET', 'HEAD', 'POST', 'PUT'],
  allowHeaders: ['*'],
  exposeHeaders: ['content-disposition', 'content-range', 'etag'],
  maxAgeSeconds: undefined,
  allowCredentials: false,
};
