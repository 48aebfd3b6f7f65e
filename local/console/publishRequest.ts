import { maxAttributes } from '../../src/message/limits.ts';
import type { JobToPublish } from '../platform/jobs.ts';

const MAX_COUNT = 1_000;
/** One of a message's attributes is `jobName`. */
const MAX_OWN_ATTRIBUTES = maxAttributes - 1;
const AT_ONCE = 20;

/** The content of the page's form. */
interface PublishRequest {
  readonly message: JobToPublish;
  /** How many copies of the message to publish, 1 to {@link MAX_COUNT}. */
  readonly count: number;
}

/** The request is not a {@link PublishRequest}; the message says why. */
export class PublishRequestError extends Error {
  override readonly name = 'PublishRequestError';
}

/** Reads the body of a request: `{ jobName, payload, attributes?, count? }`. @throws {PublishRequestError} */
export function parsePublishRequest(text: string): PublishRequest {
  const body = parsed(text);
  const { jobName, payload, attributes = {}, count = 1 } = body;
  if (typeof jobName !== 'string' || jobName === '') {
    throw new PublishRequestError(`jobName must be a text of one character or more, got ${shown(jobName)}.`);
  }
  if (payload === undefined) throw new PublishRequestError('payload is missing: send any JSON value.');
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MAX_COUNT) {
    throw new PublishRequestError(
      `count must be a whole number from 1 to ${MAX_COUNT}, got ${shown(count)}.`,
    );
  }
  return { message: { jobName, payload, attributes: checkedAttributes(attributes) }, count };
}

/** Some messages were published before one was refused. */
export class PartlyPublishedError extends Error {
  override readonly name = 'PartlyPublishedError';
  readonly published: number;

  constructor(published: number, cause: Error) {
    super(`${cause.message} ${published} were published before.`, { cause });
    this.published = published;
  }
}

/**
 * Publishes the messages, some of them at once.
 * @returns their message IDs
 * @throws {PartlyPublishedError} when one is refused after others were published
 * @throws the error of the first message when it is refused
 */
export async function publishAll(
  publish: (message: JobToPublish) => Promise<{ messageId: string }>,
  { message, count }: PublishRequest,
): Promise<string[]> {
  const messageIds: string[] = [];
  while (messageIds.length < count) {
    const size = Math.min(AT_ONCE, count - messageIds.length);
    const results = await Promise.allSettled(Array.from({ length: size }, () => publish(message)));
    for (const result of results) if (result.status === 'fulfilled') messageIds.push(result.value.messageId);
    const refused = results.find((result) => result.status === 'rejected');
    if (refused && messageIds.length > 0) throw new PartlyPublishedError(messageIds.length, refused.reason);
    if (refused) throw refused.reason;
  }
  return messageIds;
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw new PublishRequestError(`The body is not JSON: ${(cause as Error).message}.`, { cause });
  }
  throw new PublishRequestError('The body must be a JSON object { jobName, payload, attributes?, count? }.');
}

function checkedAttributes(given: unknown): Record<string, string> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new PublishRequestError(`attributes must be an object of texts, got ${shown(given)}.`);
  }
  const entries = Object.entries(given);
  if (entries.length > MAX_OWN_ATTRIBUTES) {
    throw new PublishRequestError(
      `At most ${MAX_OWN_ATTRIBUTES} attributes beside jobName, got ${entries.length}.`,
    );
  }
  for (const [name, value] of entries) {
    if (name === 'jobName') throw new PublishRequestError('Give the attribute jobName in the field jobName.');
    if (typeof value === 'string' && value !== '') continue;
    throw new PublishRequestError(
      `The attribute ${name} must be a text of one character or more, got ${shown(value)}.`,
    );
  }
  return Object.fromEntries(entries);
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 100) ?? 'nothing';
}
