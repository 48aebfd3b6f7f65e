import { createHash } from 'node:crypto';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

/** Puts the payloads of messages into the files bucket, a few at a time. */
export interface PayloadStore {
  readonly bucket: string;
  /**
   * Begins to store a payload, once fewer than four are being stored. That wait bounds the memory of a publisher that
   * streams.
   * @returns `stored`, which never rejects: undefined when the payload is stored, or what S3 or the SDK threw
   */
  begin(key: string, body: string): Promise<{ readonly stored: Promise<{ thrown: unknown } | undefined> }>;
}

/** How many payloads are stored at a time. A payload has up to 16 MiB, so they take up to 64 MiB of memory. */
export const payloadsUnderWay = 4;

/** @param config how to reach S3; called when the first payload is stored, which also loads the SDK's client */
export function createPayloadStore(bucket: string, config: () => S3ClientConfig): PayloadStore {
  const underWay = new Set<Promise<unknown>>();
  let client: S3Client | undefined;

  async function put(Key: string, Body: string): Promise<{ thrown: unknown } | undefined> {
    try {
      const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
      client ??= new S3Client(config());
      const input = { Bucket: bucket, Key, Body, ContentType: 'application/json' };
      await client.send(new PutObjectCommand(input));
      return undefined;
    } catch (thrown) {
      return { thrown };
    }
  }

  return {
    bucket,
    async begin(key, body) {
      while (underWay.size >= payloadsUnderWay) await Promise.race(underWay);
      const stored = put(key, body);
      underWay.add(stored);
      void stored.then(() => underWay.delete(stored));
      return { stored };
    },
  };
}

/**
 * The key of a job's payload in the files bucket: `payloads/<jobName>/<jobId>.json`. Characters of the ID other than
 * letters, digits, `_` and `-` are percent-encoded. An ID that would get too long for a key (1,024 bytes in S3) is cut,
 * and ends in its hash.
 */
export function payloadKey(jobName: string, jobId: string): string {
  const encoded = encodeURIComponent(jobId).replace(/[.!~*'()]/g, percent);
  const name = encoded.length <= maxNameLength ? encoded : `${encoded.slice(0, 400)}-${sha256(jobId)}`;
  return `payloads/${jobName}/${name}.json`;
}

const maxNameLength = 512;

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
