import { filesBucket } from '../files/bucket.ts';
import { resultPrefix } from '../files/keys.ts';
import type { JobContext } from '../job/context.ts';
import { statusDefaults } from './defaults.ts';

/** A job's result as its record has it: JSON, or where a large one lies in S3. */
export interface StoredResult {
  readonly result?: string;
  readonly resultKey?: string;
}

/**
 * Makes a result fit for the record. A large one is put into the files bucket, before a record can point to it.
 * @throws {TypeError} when it is no JSON; what S3 throws
 */
export async function storedResult(
  result: unknown,
  { jobName, jobId }: Pick<JobContext, 'jobName' | 'jobId'>,
  signal: AbortSignal,
): Promise<StoredResult> {
  if (result === undefined) return {};
  const json = JSON.stringify(result);
  if (json === undefined)
    throw new TypeError(`a ${typeof result} is no JSON: return an object, a text or nothing`);
  if (Buffer.byteLength(json) <= statusDefaults.maxInlineResultBytes) return { result: json };
  const { name: Bucket, client, sdk } = await filesBucket();
  const Key = `${resultPrefix(jobName, jobId).slice(0, -1)}.json`;
  const command = new sdk.PutObjectCommand({ Bucket, Key, Body: json, ContentType: 'application/json' });
  await client.send(command, { abortSignal: signal });
  return { resultKey: Key };
}
