import type { FauxqsStores } from './fauxqs.ts';
import { scaledSeconds } from './timeScale.ts';

/** What becomes of the objects below a prefix. */
export interface LifecycleRule {
  readonly prefix: string;
  /** Objects are deleted that long after they came. */
  readonly expirationDays: number | undefined;
  /** Multipart uploads are given up that long after they began. */
  readonly abortUploadsAfterDays: number | undefined;
}

const SWEEP_INTERVAL_MS = 1_000;
const SECONDS_A_DAY = 86_400;

/**
 * Deletes what a bucket's lifecycle says, which fauxqs never does, on time scaled by the speed. S3 itself does it at the
 * midnight (UTC) after. Returns a stop.
 */
export function startLifecycle(
  s3Store: S3Store,
  speed: number,
  rules: () => ReadonlyMap<string, readonly LifecycleRule[]>,
): () => void {
  const timer = setInterval(() => {
    for (const [bucket, ofBucket] of rules()) {
      for (const rule of ofBucket) sweep(s3Store, bucket, rule, (days) => Date.now() - scaledMs(days, speed));
    }
  }, SWEEP_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function scaledMs(days: number, speed: number): number {
  return scaledSeconds(days * SECONDS_A_DAY, speed) * 1_000;
}

/** @param since when that many days ago was */
function sweep(
  s3Store: S3Store,
  bucket: string,
  { prefix, expirationDays, abortUploadsAfterDays }: LifecycleRule,
  since: (days: number) => number,
): void {
  const { buckets, multipartUploads } = s3Store as unknown as Contents;
  for (const { key, lastModified } of buckets.get(bucket)?.values() ?? []) {
    if (expirationDays === undefined || !key.startsWith(prefix)) continue;
    if (lastModified.getTime() <= since(expirationDays)) s3Store.deleteObject(bucket, key);
  }
  for (const { uploadId, key, initiated, ...upload } of multipartUploads.values()) {
    if (abortUploadsAfterDays === undefined || upload.bucket !== bucket || !key.startsWith(prefix)) continue;
    if (initiated.getTime() <= since(abortUploadsAfterDays)) s3Store.abortMultipartUpload(uploadId);
  }
}

type S3Store = FauxqsStores['s3Store'];

/** Private fields of fauxqs' store: its own lists sort what they give, and there is none of the uploads. */
interface Contents {
  readonly buckets: ReadonlyMap<string, ReadonlyMap<string, { key: string; lastModified: Date }>>;
  readonly multipartUploads: ReadonlyMap<
    string,
    { uploadId: string; bucket: string; key: string; initiated: Date }
  >;
}
