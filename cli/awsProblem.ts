import type { Target } from './target.ts';

/** What AWS's answer is called, such as `AccessDeniedException`. */
export function errorCode(error: Error): string {
  return (error as { Code?: string }).Code ?? error.name;
}

export function isDenied(error: Error): boolean {
  return /AccessDenied|NotAuthorized|AuthorizationError/.test(errorCode(error));
}

export function isGone(error: Error): boolean {
  return /NonExistentQueue|QueueDoesNotExist/.test(errorCode(error));
}

/** Whether AWS took no offence at the caller or the queue, only at what this call holds: the next one may do. */
export function isRefusal(error: Error): boolean {
  const isAnswer = (error as { $fault?: string }).$fault === 'client';
  return isAnswer && !isDenied(error) && !isGone(error) && !hasBadCredentials(error);
}

/** Why nobody can talk to AWS, or to the local platform, and what to do; undefined for any other error. */
export function awsProblem(error: Error, { speed }: Target): string | undefined {
  const code = errorCode(error);
  const named = `${code}: ${error.message}`.replace(/\s+/g, ' ');
  if (hasBadCredentials(error)) {
    return `AWS does not take the credentials (${named}): check AWS_PROFILE, or sign in again`;
  }
  if (!isUnreachable(error)) return undefined;
  return speed === undefined
    ? `AWS cannot be reached (${named}): check the network and AWS_REGION`
    : 'the local platform does not answer (any more). Start it again: npm start';
}

function hasBadCredentials(error: Error): boolean {
  return /Credentials|ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch/.test(
    errorCode(error),
  );
}

function isUnreachable(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return (
    /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH)$/.test(code) ||
    error.name === 'TimeoutError'
  );
}
