import { addAbortSignal, type Readable } from 'node:stream';
import type { JobContext } from '../job/context.ts';
import type { Uploads } from '../job/defineJob.ts';
import { NonRetryableError } from '../job/errors.ts';
import { defaultUploadBytes } from '../job/options.ts';
import { filesBucket } from './bucket.ts';
import { uploadName } from './keys.ts';

/** A file that a caller uploaded, read into memory. */
export interface Upload extends UploadFacts {
  readonly body: Uint8Array;
}

/** A file that a caller uploaded, to be read piece by piece. */
export interface UploadStream extends UploadFacts {
  /** Read it once, to its end or until a `break`. It throws when the connection does, or the job's signal is aborted. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface UploadFacts {
  /** The file's name, as it was uploaded. */
  readonly name: string;
  /** In lower case, without parameters: `text/csv`. */
  readonly contentType: string;
  /** Its size. */
  readonly bytes: number;
}

/**
 * Reads an uploaded file: `readUpload(context, upload, uploads)`, with the `uploads` of the job itself. Its type and
 * size are checked again, before a byte is read: whoever holds a bucket's credentials is not bound by a POST's policy.
 * @throws {NonRetryableError} when the key is not one of this job's uploads, when the file is gone, and when it has
 *   another type or is larger than the job takes; what S3 or the network refuses is an ordinary error, which retries
 */
export async function readUpload(context: UploadContext, key: string, uploads: Uploads): Promise<Upload> {
  const { body, ...facts } = await openUpload(context, key, uploads);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return { ...facts, body: Buffer.concat(pieces) };
}

/** The same for a file that is not to be held in memory as a whole. */
export async function openUpload(
  { jobName, signal }: UploadContext,
  key: string,
  uploads: Uploads,
): Promise<UploadStream> {
  const name = uploadName(key, jobName);
  const { name: Bucket, client, sdk } = await filesBucket();
  const found = await client
    .send(new sdk.GetObjectCommand({ Bucket, Key: key }), { abortSignal: signal })
    .catch((error: unknown) => {
      throw whyNotRead(error, key, signal);
    });
  const stream = found.Body as Readable;
  const bytes = found.ContentLength ?? Number.POSITIVE_INFINITY;
  const contentType = (found.ContentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const problem = boundProblem(contentType, bytes, uploads);
  if (problem !== undefined) {
    stream.destroy();
    throw new NonRetryableError(`${name} ${problem}`);
  }
  return { name, contentType, bytes, body: pieces(addAbortSignal(signal, stream), key, signal) };
}

type UploadContext = Pick<JobContext, 'jobName' | 'signal'>;

/** HTTP sees to it that there are as many bytes as were announced. */
async function* pieces(stream: Readable, key: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw whyNotRead(error, key, signal);
  }
}

/**
 * Where a role may not list the bucket, S3 says AccessDenied of an object that is not there.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
function whyNotRead(error: unknown, key: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const { name, message } = error as Error;
  if (name === 'NoSuchKey' || name === 'AccessDenied') {
    return new NonRetryableError(
      `${key} is not there (S3: ${name}): it was never uploaded, or has expired since; upload the file again`,
      { cause: error },
    );
  }
  return new Error(`${key} could not be read: ${name}: ${message}`, { cause: error });
}

function boundProblem(contentType: string, bytes: number, uploads: Uploads): string | undefined {
  const { contentTypes, maxBytes = defaultUploadBytes } = uploads;
  if (!contentTypes.includes(contentType)) {
    return `is ${contentType || 'of no type'}, and this job takes ${contentTypes.join(', ')}: upload such a file`;
  }
  if (bytes <= maxBytes) return undefined;
  const [size, most] = [bytes, maxBytes].map((count) => count.toLocaleString('en'));
  return `has ${size} bytes, and this job takes ${most}: upload a smaller file`;
}
