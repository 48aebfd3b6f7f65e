import { DelayError, PublishError } from '../src/publisher/errors.ts';
import type { Target } from './target.ts';

/** The request that AWS refused. */
interface Asked {
  readonly target: Target;
  /** The permissions that the command needs, as {@link permissionsText} lists them. */
  needs(): string;
  /** What the request was about, such as a queue. */
  readonly subject?: string;
}

/** One line that says what AWS refused and what to do; undefined for an error that did not come from AWS, which is a bug. */
export function awsProblem(error: Error, { target, needs, subject }: Asked): string | undefined {
  const isOfPublisher = error instanceof PublishError;
  const refusal = isOfPublisher && error.cause instanceof Error ? error.cause : error;
  const named = `${errorCode(refusal)}: ${sentenceOf(refusal)}`;
  if (isDenied(refusal)) return `no permission: ${needs()}. AWS says: ${sentenceOf(refusal)}`;
  if (hasBadCredentials(refusal)) {
    return `AWS does not take the credentials (${named}): check AWS_PROFILE, or sign in again`;
  }
  if (isUnreachable(refusal)) {
    return target.speed === undefined
      ? `AWS cannot be reached (${named}): check the network and AWS_REGION`
      : 'the local platform does not answer (any more). Start it again: npm start';
  }
  if (error instanceof DelayError) return error.message;
  if (!('$metadata' in refusal) && !isOfPublisher) return undefined;
  return subject === undefined ? named : `${subject}: ${named}`;
}

/** `dlq show needs sqs:ReceiveMessage, … on arn:…; …`: the IAM actions that a command needs, grouped by resource. */
export function permissionsText(
  command: string,
  needed: readonly (readonly [actions: readonly string[] | undefined, resource: string])[],
): string {
  const all = needed.flatMap(([actions, resource]) =>
    actions === undefined ? [] : [`${actions.join(', ')} on ${resource}`],
  );
  return `${command} needs ${all.join('; ')}`;
}

/** What AWS said, in one line that our own sentence can go on after. */
export function sentenceOf({ message }: Error): string {
  return message.replace(/\s+/g, ' ').trim().replace(/\.$/, '');
}

/** AWS's name of an error, such as `AccessDeniedException`. */
export function errorCode(error: Error): string {
  return (error as { Code?: string }).Code ?? error.name;
}

/** Whether AWS refused only what this call holds, and neither the caller nor the queue: the next call may succeed. */
export function isRefusal(error: Error): boolean {
  const isAnswer = (error as { $fault?: string }).$fault === 'client';
  return isAnswer && !isDenied(error) && !isGone(error) && !hasBadCredentials(error);
}

/** Whether the queue does not exist. */
export function isGone(error: Error): boolean {
  return /NonExistentQueue|QueueDoesNotExist/.test(errorCode(error));
}

function isDenied(error: Error): boolean {
  return /AccessDenied|NotAuthorized|AuthorizationError/.test(errorCode(error));
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
