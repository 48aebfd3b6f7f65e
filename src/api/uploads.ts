import { randomUUID } from 'node:crypto';
import type { Handler } from 'hono';
import * as z from 'zod/mini';
import { safeFileName } from '../files/keys.ts';
import { type ApiJob, jobNamed } from './apiJob.ts';
import type { ApiEnv } from './caller.ts';
import type { FileLinks } from './fileLinks.ts';
import { jsonBody } from './jsonBody.ts';
import { faultFinder } from './payloadFaults.ts';
import { Problem } from './problem.ts';
import { uploadRequestSchema } from './schemas.ts';

/**
 * `POST /jobs/{jobName}/uploads`: answers with a presigned POST by which a file for a job can be uploaded. The POST
 * takes one key and one type only, and at most the announced size. The job's payload then holds the key.
 */
export function uploads({
  jobs,
  files,
}: {
  readonly jobs: readonly ApiJob[];
  readonly files: FileLinks;
}): Handler<ApiEnv> {
  let faultsOf: ReturnType<typeof faultFinder> | undefined;
  return async (c) => {
    const job = jobNamed(jobs, c.req.param('jobName') ?? '');
    if (job.uploads === undefined) {
      throw new Problem('no-uploads', `${job.name} takes no uploads: its file does not say uploads.`);
    }
    const { value } = await jsonBody(c);
    faultsOf ??= faultFinder(z.toJSONSchema(uploadRequestSchema, { io: 'input' }));
    const errors = faultsOf(value);
    if (errors.length > 0) throw new Problem('invalid-body', 'The body describes no file.', { errors });

    const { name, contentType, bytes } = value as z.infer<typeof uploadRequestSchema>;
    const type = checkedType(contentType, job.uploads.contentTypes);
    checkSize(bytes, job.uploads.maxBytes);
    const key = `uploads/${job.name}/${randomUUID()}/${checkedName(name)}`;
    const form = await files.upload({ key, contentType: type, maxBytes: bytes });
    return c.json({ upload: key, ...form }, 201);
  };
}

function checkedType(given: string, allowed: readonly string[]): string {
  const type = given.trim().toLowerCase();
  if (allowed.includes(type)) return type;
  throw new Problem(
    'unsupported-content-type',
    `The file is ${JSON.stringify(given.slice(0, 100))}, and the job takes ${allowed.join(', ')}.`,
    { allowed },
  );
}

function checkSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new Problem('too-large', `The file has ${bytes} bytes, and the job takes ${maxBytes}.`, { maxBytes });
}

/** A file name that every system takes. A path is refused, because whoever sends one means a certain folder. */
function checkedName(name: string): string {
  const message = nameProblem(name);
  if (message !== undefined) {
    throw new Problem('invalid-body', `The name ${message}.`, { errors: [{ path: '/name', message }] });
  }
  // S3 replaces ${filename} in a key by a name that the client chooses.
  return safeFileName(name.replaceAll('$' + '{', '-{'));
}

function nameProblem(name: string): string | undefined {
  if (/[/\\]/.test(name)) return 'must be the name alone, without a path';
  if (/[\p{Cc}\p{Cs}]/u.test(name)) return 'must hold no control characters and no lone surrogates';
  return /^[. ]*$/.test(name) ? 'must be more than dots and spaces' : undefined;
}
