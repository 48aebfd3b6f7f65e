import type { S3Client } from '@aws-sdk/client-s3';
import type { JobContext } from '../job/context.ts';
import { maxClaimCheckBytes } from '../message/limits.ts';
import { isPayloadKey, type PointerPlace } from '../message/pointer.ts';
import { InvalidMessageError } from './errors.ts';

/**
 * The payload that a message only points to. Reads `JOB_FILES_BUCKET`, which the stack sets: no other bucket is read,
 * and nothing in it but payloads of this job, whatever a message asks for. Every bundle carries this, so it is short.
 * @throws {InvalidMessageError} when it points elsewhere, to nothing any more, or to what is too large or no JSON;
 * anything else that S3 or the network does is worth another attempt
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
  // HTTP delivers no byte beyond this length, which S3 always says. A body left unread would hold its connection.
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
 * A role that may read the payloads and not list the bucket is refused what is not there, for want of the latter.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
const isGone = /NoSuchKey|s3:ListBucket/;

let client: S3Client | undefined;
