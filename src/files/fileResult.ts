import type { JobContext } from '../job/context.ts';
import { filesBucket } from './bucket.ts';
import { resultPrefix, safeFileName } from './keys.ts';

/**
 * What `run` returns when its result is a file: `saveFile` makes it, and the API hands the file over by a presigned
 * URL.
 */
export interface FileResult {
  readonly file: SavedFile;
}

/** A file in the platform's bucket. */
export interface SavedFile {
  /** Where it is in the bucket: `results/<jobName>/<jobId>/<name>`. */
  readonly key: string;
  /** The name it is downloaded under. */
  readonly name: string;
  readonly contentType: string;
  /** Its size. */
  readonly bytes: number;
}

/** Whether a job's result is a file. The caller also checks that its key is below `resultPrefix`. */
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
  /** The name it is downloaded under; what no file's name can have is left out of it. */
  readonly name: string;
  readonly contentType: string;
  /** The content; a text is saved as UTF-8. */
  readonly body: Uint8Array | string;
}

/**
 * Saves a file as the job's result, which `run` returns: `return saveFile(context, { name, contentType, body })`. Its key
 * follows from the job, its ID and the name: a retry overwrites it. Whoever may read the job's status gets it by the
 * API, until the bucket's lifecycle removes it.
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
