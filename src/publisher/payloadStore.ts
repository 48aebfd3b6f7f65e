import { createHash } from 'node:crypto';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

/** Puts the payloads of messages into the files bucket, a few at a time. */
export interface PayloadStore {
  readonly bucket: string;
  /**
   * Begins to put a payload, once there is room for it: that it waits is what bounds the memory of a publisher that
   * streams.
   * @returns a promise of how it ended, which never rejects: what S3 or the SDK threw, undefined when it is stored
   */
  begin(key: string, body: string): Promise<{ readonly stored: Promise<{ thrown: unknown } | undefined> }>;
}

/** A payload has up to 16 MiB, so this many are 64 MiB. */
export const payloadsUnderWay = 4;

/** @param config how to reach S3. The SDK's client is loaded and made when the first payload is stored. */
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
 * Where in the files bucket a job's payload is: `payloads/<jobName>/<jobId>.json`. What of an ID is no letter, digit, `_`
 * or `-` is percent-encoded; one that gets too long for a key (S3's bound is 1,024 bytes) ends in its hash.
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
