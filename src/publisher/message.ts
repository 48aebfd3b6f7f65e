import { createHash } from 'node:crypto';
import { textOf } from '../job/check/given.ts';
import type { AnyJob } from '../job/defineJob.ts';
import { InvalidPayloadError } from '../job/errors.ts';
import { isJob } from '../job/index.ts';
import { jobNameProblem } from '../job/jobName.ts';
import { validPayload } from '../job/validPayload.ts';
import {
  attributeBytes,
  type MessageAttributes,
  maxClaimCheckBytes,
  maxMessageBytes,
} from '../message/limits.ts';
import { pointerTo } from '../message/pointer.ts';
import { maxInputBytes } from '../message/scheduledPublish.ts';
import { checkNoKeyword, messageAttributes } from './attributes.ts';
import { longestOffloadedDelayMs, onceInput } from './delay/onceSchedule.ts';
import {
  InvalidGroupError,
  InvalidJobNameError,
  MessageTooLargeError,
  NotSerializableError,
  PayloadNotStoredError,
  PublishError,
  UnnamedJobError,
} from './errors.ts';
import type { AnyItem } from './item.ts';
import type { PayloadStore } from './payloadStore.ts';
import { payloadKey } from './payloadStore.ts';
import { publishTime } from './publishTime.ts';
import { serializePayload } from './serialize.ts';

/** A message that has passed every check and can be sent. */
export interface Message {
  readonly jobName: string;
  readonly jobId: string;
  /** JSON. */
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly group: string | undefined;
  /** When to publish the message, in whole seconds; without it, at once. */
  readonly at?: Date;
  /** Whether that was said as a delay. */
  readonly isFromNow?: boolean;
  /**
   * What SNS counts: the body and the names, types and values of the attributes. For a delayed message, Scheduler's
   * input.
   */
  readonly bytes: number;
  /** Set if the body only points to the payload: how storing the payload ended. Never rejects. */
  readonly stored?: Promise<PublishError | undefined>;
}

/** Where messages go. */
interface Destination {
  readonly topicArn: string;
  /** Takes the payloads that are too large for a message. */
  readonly store?: PayloadStore | undefined;
}

/**
 * Checks an item and makes it a message. The payload is validated when the job's object is given; one that is too large
 * is on its way to the store then, and the message must not be sent before it is there.
 * @throws {PublishError | InvalidPayloadError}
 */
export async function toMessage(
  given: AnyItem,
  jobId: string,
  publishedAt: string,
  { topicArn, store }: Destination,
): Promise<Message> {
  const item = readItem(given);
  const { job, payload, group } = item;
  const jobName = nameOf(job);
  if (group !== undefined && !isMessageGroupId(group)) throw new InvalidGroupError(jobName, group);
  const attributes = messageAttributes({ jobName, jobId, publishedAt }, item.attributes);
  const nowMs = Date.parse(publishedAt);
  const at = publishTime({ jobName, jobId }, item, nowMs);
  if (at !== undefined) checkNoKeyword(jobName, attributes);

  const body = serializePayload(jobName, payload);
  if (body.startsWith(pointerStart)) throw new NotSerializableError(jobName, [], pointerProblem);
  const parts = {
    jobName,
    jobId,
    body,
    attributes,
    group,
    ...(at && { at, isFromNow: item.delay !== undefined }),
  };
  const message = { ...parts, bytes: sizeOf(parts, topicArn) };
  if (!isTooLarge(message)) {
    if (isJob(job)) await validateBody(jobName, job.payload, body);
    return message;
  }
  const pointer = store && pointerBody(store, keyOf(message));
  checkSize(message, pointer, { topicArn, nowMs });
  if (isJob(job)) await validateBody(jobName, job.payload, body);
  return await claimChecked(message, pointer as string, { topicArn, store: store as PayloadStore });
}

/** Its parts may be getters, which throw; its ID, too, though that is known by now. */
function readItem(item: AnyItem): AnyItem {
  try {
    const { job, payload, jobId, group, attributes, delay, at } = item;
    return { job, payload, jobId, group, attributes, delay, at };
  } catch (cause) {
    const problem = `cannot be read: ${textOf(cause)}. Give an object with job and payload`;
    throw new PublishError(undefined, `an item to publish ${problem}`, { cause });
  }
}

/**
 * Nothing of the result holds the payload: it is free once it is stored, however long the message waits for its batch.
 */
async function claimChecked(
  { body, bytes: _, ...message }: Message,
  pointer: string,
  { topicArn, store }: Required<Destination> & { store: PayloadStore },
): Promise<Message> {
  const { jobName, jobId } = message;
  const { stored } = await store.begin(keyOf({ ...message, body }), body);
  const parts = { ...message, body: pointer };
  return {
    ...parts,
    bytes: sizeOf(parts, topicArn),
    stored: stored.then(
      (failed) => failed && new PayloadNotStoredError({ jobName, jobId }, store.bucket, failed.thrown),
    ),
  };
}

/** A delayed job's has a place by its content: another publish of the same ID, which is refused, must not replace it. */
function keyOf({ jobName, jobId, body, at }: Pick<Message, 'jobName' | 'jobId' | 'body' | 'at'>): string {
  if (at === undefined) return payloadKey(jobName, jobId);
  return payloadKey(jobName, `${jobId}-${createHash('sha256').update(body).digest('hex').slice(0, 16)}`);
}

function pointerBody({ bucket }: PayloadStore, key: string): string {
  return JSON.stringify(pointerTo(bucket, key));
}

function nameOf(job: AnyItem['job']): string {
  if (isJob(job) && job.name === undefined) throw new UnnamedJobError();
  const name = isJob(job) ? job.name : job;
  const problem =
    typeof name === 'string' ? jobNameProblem(name) : 'must be a text or a job made by defineJob';
  if (problem !== undefined) throw new InvalidJobNameError(name, problem);
  return name as string;
}

/** SNS's rule: up to 128 of a-z, A-Z, 0-9 and ASCII punctuation. */
function isMessageGroupId(group: unknown): boolean {
  return typeof group === 'string' && /^[!-~]{1,128}$/.test(group);
}

/** How a pointer begins as JSON: the consumer would follow it, so a publisher's payload must not look like one. */
const pointerStart = JSON.stringify(pointerTo('', '').slice(0, 1)).slice(0, -1);

const pointerProblem =
  'is a pointer of the claim check, which the publisher alone makes: publish what it points to';

/** What counts: for SNS the body and the attributes; for Scheduler all that it keeps, the body as JSON in JSON. */
function sizeOf(message: Omit<Message, 'bytes'>, topicArn: string): number {
  const { body, attributes, at } = message;
  return at === undefined
    ? Buffer.byteLength(body) + attributeBytes(attributes)
    : Buffer.byteLength(onceInput(topicArn, message));
}

function isTooLarge({ bytes, at }: Pick<Message, 'bytes' | 'at'>): boolean {
  return bytes > (at === undefined ? maxMessageBytes : maxInputBytes);
}

/**
 * Whether a message that is too large can go through S3.
 * @param pointer its body then; undefined where there is no bucket
 * @throws {MessageTooLargeError} when it can neither be sent nor go through S3
 */
function checkSize(
  message: Message,
  pointer: string | undefined,
  { topicArn, nowMs }: { readonly topicArn: string; readonly nowMs: number },
): void {
  const { jobName, body, at, bytes } = message;
  const [maxBytes, bound] = at === undefined ? snsBound : schedulerBound;
  const refused = (problem: string, max: number = maxBytes) =>
    new MessageTooLargeError(jobName, bytes, max, problem);
  if (pointer === undefined) {
    throw refused(`${bound}. Give createPublisher a filesBucket, and larger payloads travel through S3`);
  }
  if (Buffer.byteLength(body) > maxClaimCheckBytes) {
    const problem = `through S3 its payload may have ${maxClaimCheckBytes}. Put the data in S3 and publish its key`;
    throw refused(problem, maxClaimCheckBytes);
  }
  const parts = { ...message, body: pointer };
  if (isTooLarge({ ...parts, bytes: sizeOf(parts, topicArn) })) {
    throw refused(`${bound}, and its attributes alone are too large. Put them in the payload`);
  }
  const last = nowMs + longestOffloadedDelayMs;
  if (at !== undefined && at.getTime() > last) {
    const advice = 'Put the data where it is kept, and publish its key';
    throw refused(
      `${bound}. S3 keeps a payload long enough for a time up to ${new Date(last).toISOString()}. ${advice}`,
    );
  }
}

const snsBound = [maxMessageBytes, `SNS takes ${maxMessageBytes}, body and attributes together`] as const;

const schedulerBound = [
  maxInputBytes,
  `EventBridge Scheduler takes ${maxInputBytes}, body and attributes together, as JSON in JSON`,
] as const;

/**
 * Validates a message's body with the job's schema as the consumer will: the JSON as it arrives, not the object it
 * was made of. What the schema makes of it (defaults, coercions) stays with the consumer.
 * @throws {InvalidPayloadError}
 * @throws {PublishError} when the schema itself throws
 */
async function validateBody(jobName: string, schema: AnyJob['payload'], body: string): Promise<void> {
  if (schema === undefined) return;
  try {
    await validPayload(schema, JSON.parse(body), jobName);
  } catch (cause) {
    if (cause instanceof InvalidPayloadError) throw cause;
    const advice = `the schema of ${jobName} threw: ${textOf(cause)}. Mend it in its job file`;
    throw new PublishError(jobName, advice, { cause });
  }
}
