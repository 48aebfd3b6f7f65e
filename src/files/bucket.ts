import type { S3Client } from '@aws-sdk/client-s3';

/** The platform's files bucket, and the client and SDK to use it with. */
export interface Bucket {
  readonly name: string;
  readonly client: S3Client;
  readonly sdk: typeof import('@aws-sdk/client-s3');
}

/**
 * The bucket that the environment variable `JOB_FILES_BUCKET` names. The stack sets it for every job. The SDK is loaded
 * on first use; Lambda has it, so a bundle does not carry it.
 * @throws {Error} when the variable is not set
 */
export async function filesBucket(): Promise<Bucket> {
  const name = process.env.JOB_FILES_BUCKET;
  if (name === undefined || name === '') {
    throw new Error(
      'JOB_FILES_BUCKET is not set, so there is no bucket for files: the stack and the local platform set it; elsewhere, such as in a unit test, set it yourself',
    );
  }
  loading ??= load();
  return { name, ...(await loading) };
}

let loading: Promise<Omit<Bucket, 'name'>> | undefined;

async function load(): Promise<Omit<Bucket, 'name'>> {
  const sdk = await import('@aws-sdk/client-s3');
  return { sdk, client: new sdk.S3Client({}) };
}
