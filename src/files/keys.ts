import { createHash } from 'node:crypto';
import { NonRetryableError } from '../job/errors.ts';

/**
 * The name of an uploaded file, from its key `uploads/<jobName>/<uuid>/<name>`.
 * @throws {NonRetryableError} when the API cannot have given out the key for this job
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
 * How the keys of a job's result files begin: `results/<jobName>/<jobId>/`. A jobId may be any text. Where it is long,
 * or has characters other than letters, digits, `_`, `.` and `-`, its SHA-256 takes its place.
 */
export function resultPrefix(jobName: string, jobId: string): string {
  const isSegment = /^[\w.-]{1,128}$/.test(jobId) && !/^\.+$/.test(jobId);
  return `results/${jobName}/${isSegment ? jobId : createHash('sha256').update(jobId).digest('hex')}/`;
}

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const unfit = /[\\\p{Cc}]/u;

/**
 * A name that can be one segment of a key in S3, and a file's name on any system. It has no path, no control or invisible
 * characters, no dot or space at either end, and at most 200 bytes; a longer name keeps its extension. A name of which
 * nothing would be left becomes `file`. A safe name stays as it is.
 */
export function safeFileName(name: string): string {
  const last = name.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .replace(/[<>:"|?*]/g, '-')
    .replace(/\s+/gu, ' ');
  return shortened(trimmed(plain)) || 'file';
}

/** The longest file name, in bytes of UTF-8. */
export const maxFileNameBytes = 200;

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= maxFileNameBytes) return name;
  const ending = /[^.]\.(\w{1,16})$/.exec(name)?.[1];
  const kept = ending === undefined ? '' : `.${ending}`;
  return trimmed(firstBytes(name, maxFileNameBytes - kept.length)) + kept;
}

/** As many whole characters as fit into so many bytes. */
function firstBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The name without dots and spaces at its ends: a leading dot hides a file, and Windows drops trailing dots. */
function trimmed(name: string): string {
  return name.replace(/^[. ]+|[. ]+$/g, '');
}
