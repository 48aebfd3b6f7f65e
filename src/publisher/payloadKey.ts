import { createHash } from 'node:crypto';

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
