import type { S3Client } from '@aws-sdk/client-s3';
import type { JobContext } from '../job/context.ts';
import { maxClaimCheckBytes } from '../message/limits.ts';
import { isPayloadKey, type PointerPlace } from '../message/pointer.ts';
import { InvalidMessageError } from './errors.ts';

/**
 * Fetches the payload to which a message points. It reads only this job's payloads, and only in the bucket that
 * `JOB_FILES_BUCKET` names (the stack sets it), whatever a message asks for. Every bundle carries this file, so it is
 * short.
 * @throws {InvalidMessageError} when the pointer leads elsewhere, or the payload has expired, is too large or is not
 *   JSON.
 *   Other errors of S3 or the network are worth another attempt
 */
export async function fetchPayload(
  [, place]: readonly unknown[],
  { jobName, signal }: Pick<JobContext, 'jobName' | 'signal'>,
): Promise<unknown> {
  const { s3BucketName: Bucket, s3Key: Key } = Object(place) as PointerPlace;
  const refusal = (why: string): Error => new InvalidMessageError(`payload s3://${Bucket}/${Key} ${why}`);
  if (Bucket !== process.env.JOB_FILES_BUCKET || !isPayloadKey(Key, jobName)) {
    throw refusal(`is not ${jobName}'s`);
  }
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  client ??= new S3Client();
  const { Body, ContentLength = Infinity } = await client
    .send(new GetObjectCommand({ Bucket, Key }), { abortSignal: signal })
    .catch((error: Error) => {
      throw isGone.test(error.name + error.message) ? refusal('has expired') : error;
    });
  // S3 always tells the length, and HTTP delivers no more. An unread body would keep its connection busy.
  if (ContentLength > maxClaimCheckBytes) {
    (Body as unknown as { destroy(): void }).destroy();
    throw refusal(`has more than ${maxClaimCheckBytes} bytes`);
  }
  const text = await Body?.transformToString();
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw refusal('is no JSON');
  }
}

/**
 * How S3's error for a missing payload reads. Where a role may not list the bucket, S3 complains of that permission.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
const isGone = /NoSuchKey|s3:ListBucket/;

let client: S3Client | undefined;
