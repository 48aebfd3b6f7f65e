import { createHash } from 'node:crypto';
import { Problem } from './problem.ts';

/**
 * The ID of the job that a client's `Idempotency-Key` stands for: the same for the same key, job and owner, and no
 * other's. A UUID of version 8 (RFC 9562), off the SHA-256 of the three.
 */
export function jobIdOfKey(key: string, jobName: string, owner: string | undefined): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([owner ?? null, jobName, key]))
    .digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x80;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** @throws {Problem} when it is no 1 to 255 visible ASCII characters */
export function checkIdempotencyKey(key: string): void {
  if (/^[!-~]{1,255}$/.test(key)) return;
  throw new Problem(
    'malformed-idempotency-key',
    `An Idempotency-Key is 1 to 255 visible ASCII characters without spaces, such as a UUID; this one has ${key.length}.`,
  );
}
