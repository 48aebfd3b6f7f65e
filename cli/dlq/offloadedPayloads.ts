import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { maxClaimCheckBytes } from '../../src/message/limits.ts';
import { isPayloadKey, isPointer, type PointerPlace, pointerTo } from '../../src/message/pointer.ts';
import { payloadKey } from '../../src/publisher/payloadStore.ts';
import { CommandError } from '../outcome.ts';
import type { Target } from '../target.ts';
import type { Letter } from './letter.ts';

/** A payload that was too large for a message, so that the letter holds a pointer to it. */
export type OffloadedPayload = {
  /** `s3://<bucket>/<key>` */
  readonly url: string;
} & ({ readonly text: string } | { readonly problem: string });

/** Reads and writes payloads in a platform's files bucket. */
export interface OffloadedPayloads {
  /**
   * The payload that a letter points to, or why it cannot be read; undefined for a letter that holds its payload itself. As
   * in the runtime, only payloads of the job in the platform's own bucket are read: anybody may have sent the pointer.
   */
  read(letter: Letter, jobName: string): Promise<OffloadedPayload | undefined>;
  /**
   * Puts a new payload under a new key, and gives the message that points to it; undefined when the bucket is not known.
   * @throws {CommandError} when S3 refuses it
   */
  put(jobName: string, jobId: string, text: string): Promise<string | undefined>;
}

export function offloadedPayloads({ filesBucket, clientConfig, name }: Target): OffloadedPayloads {
  const client = new S3Client(clientConfig);

  async function textAt({ s3BucketName: Bucket, s3Key: Key }: PointerPlace): Promise<string> {
    const { Body, ContentLength = Infinity } = await client.send(new GetObjectCommand({ Bucket, Key }));
    if (ContentLength <= maxClaimCheckBytes) return (await Body?.transformToString()) ?? '';
    (Body as unknown as { destroy(): void }).destroy();
    throw new RangeError(`it has ${ContentLength} bytes; a payload may have ${maxClaimCheckBytes}`);
  }

  return {
    async read({ payload }, jobName) {
      if (!isPointer(payload)) return undefined;
      const place = Object(payload[1]) as PointerPlace;
      const url = `s3://${place.s3BucketName}/${place.s3Key}`;
      if (filesBucket === undefined) return { url, problem: `the files bucket of ${name} is not known` };
      if (place.s3BucketName !== filesBucket || !isPayloadKey(place.s3Key, jobName)) {
        return { url, problem: `that is no payload of ${jobName} in s3://${filesBucket}` };
      }
      try {
        return { url, text: await textAt(place) };
      } catch (error) {
        return { url, problem: problemOf(error as Error) };
      }
    },

    async put(jobName, jobId, text) {
      if (filesBucket === undefined) return undefined;
      const place = { Bucket: filesBucket, Key: payloadKey(jobName, `${jobId}-${Date.now()}`) };
      try {
        await client.send(new PutObjectCommand({ ...place, Body: text, ContentType: 'application/json' }));
      } catch (cause) {
        const reason = problemOf(cause as Error);
        throw new CommandError(
          `nothing was sent: the payload could not be put into s3://${filesBucket}: ${reason}`,
          {
            cause,
          },
        );
      }
      return JSON.stringify(pointerTo(place.Bucket, place.Key));
    },
  };
}

function problemOf({ name, message }: Error): string {
  return name === 'NoSuchKey' ? 'it has expired' : `${name}: ${message}`;
}
