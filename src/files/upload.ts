import { addAbortSignal, type Readable } from 'node:stream';
import type { JobContext } from '../job/context.ts';
import type { Uploads } from '../job/defineJob.ts';
import { NonRetryableError } from '../job/errors.ts';
import { defaultUploadBytes } from '../job/options.ts';
import { filesBucket } from './bucket.ts';
import { uploadName } from './keys.ts';

/** A file that a caller uploaded, read into memory. */
export interface Upload extends UploadFacts {
  /** The file's whole content. */
  readonly body: Uint8Array;
}

/** A file that a caller uploaded, whose content is read piece by piece. */
export interface UploadStream extends UploadFacts {
  /**
   * The content. Iterate over it once, to its end or until a `break`. It throws when the connection breaks, and the
   * signal's reason when the job's signal is aborted.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What is known of an uploaded file. */
export interface UploadFacts {
  /** The file's name. */
  readonly name: string;
  /** The content type, in lower case and without parameters, such as `text/csv`. */
  readonly contentType: string;
  /** The file's size in bytes. */
  readonly bytes: number;
}

/**
 * Reads an uploaded file into memory: `readUpload(context, key, uploads)`, where `uploads` is the option of the job
 * itself. The file's type and size are checked before a byte is read, because somebody with access to the bucket can
 * bypass the presigned POST.
 * @param key the upload's key, as the API gave it out and the payload holds it
 * @throws {NonRetryableError} when the key is not one of this job's uploads, the file does not exist, or the job does not
 *   allow its type or size
 * @throws {Error} when S3 refuses otherwise or cannot be reached, which retries the job
 */
export async function readUpload(context: UploadContext, key: string, uploads: Uploads): Promise<Upload> {
  const { body, ...facts } = await openUpload(context, key, uploads);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return { ...facts, body: Buffer.concat(pieces) };
}

/** Opens an uploaded file that need not fit into memory. It checks and throws as `readUpload` does. */
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

/** The content's pieces. HTTP ensures that there are as many bytes as were announced. */
async function* pieces(stream: Readable, key: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw whyNotRead(error, key, signal);
  }
}

/**
 * The error of a file that could not be read. For a missing object S3 answers AccessDenied, since the job's role may
 * not list the bucket.
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
