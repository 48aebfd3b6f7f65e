import { createHash } from 'node:crypto';
import { NonRetryableError } from '../job/errors.ts';

/**
 * The name of an uploaded file, off its key: `uploads/<jobName>/<uuid>/<name>`.
 * @throws {NonRetryableError} when the key is not one that the API gave out for this job
 */
export function uploadName(key: string, jobName: string): string {
  const [root, job, id = '', name = '', ...more] = key.split('/');
  const isOwn = root === 'uploads' && job === jobName && uuid.test(id) && more.length === 0;
  if (isOwn && name !== '' && name !== '.' && name !== '..' && !unfit.test(name)) return name;
  throw new NonRetryableError(
    `${JSON.stringify(key.slice(0, 200))} is no upload of ${jobName}: give the key that POST /jobs/${jobName}/uploads answered, uploads/${jobName}/<uuid>/<file name>`,
  );
}

/**
 * Where a job's files are: `results/<jobName>/<jobId>/`. A producer's ID may be any text; one that would be more than
 * one segment of a key, or a long one, is there by its SHA-256.
 */
export function resultPrefix(jobName: string, jobId: string): string {
  const isSegment = /^[\w.-]{1,128}$/.test(jobId) && !/^\.+$/.test(jobId);
  return `results/${jobName}/${isSegment ? jobId : createHash('sha256').update(jobId).digest('hex')}/`;
}

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const unfit = /[\\\p{Cc}]/u;
