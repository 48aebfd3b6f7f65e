import { createHash } from 'node:crypto';
import { textOf } from '../job/given.ts';
import { isJob } from '../job/index.ts';
import { jobNameProblem } from '../job/jobName.ts';
import type { MessageAttributes } from '../message/limits.ts';
import { pointerTo } from '../message/pointer.ts';
import { checkNoKeyword, messageAttributes } from './attributes.ts';
import {
  InvalidGroupError,
  InvalidJobNameError,
  NotSerializableError,
  PayloadNotStoredError,
  PublishError,
  UnnamedJobError,
} from './errors.ts';
import type { AnyItem } from './item.ts';
import { checkSize, isTooLarge, sizeOf } from './messageSize.ts';
import { payloadKey } from './payloadKey.ts';
import type { PayloadStore } from './payloadStore.ts';
import { publishTime } from './publishTime.ts';
import { serializePayload } from './serialize.ts';
import { validateBody } from './validate.ts';

/** A message that has passed every check and can be sent. */
export interface Message {
  readonly jobName: string;
  readonly jobId: string;
  /** JSON. */
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly group: string | undefined;
  /** When it is to be published, in whole seconds; at once where there is none. */
  readonly at?: Date;
  /** Whether that was said as a delay. */
  readonly isFromNow?: boolean;
  /** What SNS counts: the body and the names, types and values of the attributes. Of a delayed one, Scheduler's input. */
  readonly bytes: number;
  /** Of one whose body only points to its payload: how storing that ended. Never rejects. */
  readonly stored?: Promise<PublishError | undefined>;
}

/** Where messages go. */
export interface Destination {
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

/** Nothing of the result holds the payload: it is free once it is stored, however long the message waits for its batch. */
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

/** How a pointer begins as JSON: the consumer would follow it, so whoever only gives payloads must not make one. */
const pointerStart = JSON.stringify(pointerTo('', '').slice(0, 1)).slice(0, -1);

const pointerProblem =
  'is a pointer of the claim check, which the publisher alone makes: publish what it points to';
