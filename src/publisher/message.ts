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
  /** When to publish the message, in whole seconds. Absent for a message that is published at once. */
  readonly at?: Date;
  /** Whether the time was given as a delay. */
  readonly isFromNow?: boolean;
  /**
   * The size that SNS counts: the body, and the names, types and values of the attributes. For a delayed message it is
   * the size of Scheduler's input.
   */
  readonly bytes: number;
  /**
   * Present when the body only points to the payload. Resolves to why the payload was not stored, if so. Never rejects.
   */
  readonly stored?: Promise<PublishError | undefined>;
}

/** Where messages go. */
interface Destination {
  readonly topicArn: string;
  /** Stores the payloads that are too large for a message. */
  readonly store?: PayloadStore | undefined;
}

/**
 * Checks an item and makes a message of it. Where the job's object is given, its schema checks the payload. This begins
 * to store a payload that is too large, and the message must not be sent before the payload is stored.
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

/** The item's parts, read once: they may be getters, which throw. */
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
 * The message with a pointer in place of its payload. It does not hold the payload, whose memory is free once it is
 * stored, however long the message waits for its batch.
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

/**
 * The key of a message's payload. A delayed job's key depends on the payload, so that another publish of the same ID,
 * which is refused, does not replace it.
 */
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

/** How a pointer begins as JSON. A payload must not begin like this, because the consumer would follow it. */
const pointerStart = JSON.stringify(pointerTo('', '').slice(0, 1)).slice(0, -1);

const pointerProblem =
  'is a pointer of the claim check, which the publisher alone makes: publish what it points to';

/**
 * A message's size in bytes: for SNS the body and the attributes, for Scheduler its
 * whole input, with the body as JSON in JSON.
 */
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
 * Checks that a message that is too large can travel through S3.
 * @param pointer the body that it would have; undefined where there is no bucket
 * @throws {MessageTooLargeError} when it cannot
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
 * Validates a message's body with the job's schema as the consumer will: the JSON that arrives, not the object that it
 * was made of. The schema's output is not used, because the consumer makes its own.
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
