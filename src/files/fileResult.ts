import type { JobContext } from '../job/context.ts';
import { filesBucket } from './bucket.ts';
import { resultPrefix, safeFileName } from './keys.ts';

/**
 * What `run` returns when its result is a file: `saveFile` makes it, and the API
 * hands the file over by a presigned URL.
 */
export interface FileResult {
  readonly file: SavedFile;
}

/** A file in the platform's files bucket. */
export interface SavedFile {
  /** The file's key in the bucket: `results/<jobName>/<jobId>/<name>`. */
  readonly key: string;
  /** The name under which the file is downloaded. */
  readonly name: string;
  /** Such as `application/pdf`. */
  readonly contentType: string;
  /** The file's size in bytes. */
  readonly bytes: number;
}

/** Whether a job's result is a file. The caller must also check that its key begins with `resultPrefix`. */
export function isFileResult(value: unknown): value is FileResult {
  const { file } = Object(value) as Partial<FileResult>;
  const { key, name, contentType, bytes } = Object(file) as Partial<SavedFile>;
  return (
    [key, name, contentType].every((text) => typeof text === 'string' && text !== '') &&
    Number.isSafeInteger(bytes) &&
    (bytes as number) >= 0
  );
}

/** A file to save. */
export interface NewFile {
  /**
   * The name under which the file is downloaded. Characters that no file name can have are removed or replaced by `-`.
   */
  readonly name: string;
  /** Such as `application/pdf`. */
  readonly contentType: string;
  /** The file's content. A string is saved as UTF-8. */
  readonly body: Uint8Array | string;
}

/**
 * Saves a file as the job's result. `run` returns it: `return saveFile(context, { name, contentType, body })`. Whoever
 * may read the job's status can download the file through the API, until the bucket deletes it after 30 days. The key
 * follows from the job's name, its ID and the file's name, so a retry replaces the file.
 * @throws {Error} when S3 refuses or cannot be reached, which retries the job; the signal's reason when it is aborted
 */
export async function saveFile(
  { jobName, jobId, signal }: Pick<JobContext, 'jobName' | 'jobId' | 'signal'>,
  { name: givenName, contentType, body }: NewFile,
): Promise<FileResult> {
  const { name: Bucket, client, sdk } = await filesBucket();
  const name = safeFileName(givenName);
  const key = `${resultPrefix(jobName, jobId)}${name}`;
  const content = typeof body === 'string' ? Buffer.from(body) : body;
  const command = new sdk.PutObjectCommand({ Bucket, Key: key, ContentType: contentType, Body: content });
  await client.send(command, { abortSignal: signal }).catch((error: Error) => {
    if (signal.aborted) throw signal.reason;
    throw new Error(`${key} could not be saved: ${error.name}: ${error.message}`, { cause: error });
  });
  return { file: { key, name, contentType, bytes: content.byteLength } };
}
