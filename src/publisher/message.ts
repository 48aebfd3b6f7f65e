import type { MessageAttributeValue } from '@aws-sdk/client-sns';
import { maxMessageBytes } from '../job/bounds.ts';
import { isJob } from '../job/index.ts';
import { jobNameProblem } from '../job/jobName.ts';
import { attributeBytes, messageAttributes } from './attributes.ts';
import { InvalidGroupError, InvalidJobNameError, MessageTooLargeError, UnnamedJobError } from './errors.ts';
import type { AnyItem } from './item.ts';
import { serializePayload } from './serialize.ts';
import { validateBody } from './validate.ts';

/** A message that has passed every check and can be sent. */
export interface Message {
  readonly jobName: string;
  readonly jobId: string;
  /** JSON. */
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  readonly group: string | undefined;
  /** What SNS counts: the body and the names, types and values of the attributes. */
  readonly bytes: number;
}

/**
 * Checks an item and makes it a message. The payload is validated when the job's object is given.
 * @throws {PublishError | InvalidPayloadError}
 */
export async function toMessage(item: AnyItem, jobId: string, publishedAt: string): Promise<Message> {
  const { job, payload, group } = item;
  const jobName = nameOf(job);
  if (group !== undefined && !isMessageGroupId(group)) throw new InvalidGroupError(jobName, group);
  const attributes = messageAttributes({ jobName, jobId, publishedAt }, item.attributes);

  const body = serializePayload(jobName, payload);
  const bytes = Buffer.byteLength(body) + attributeBytes(attributes);
  if (bytes > maxMessageBytes) throw new MessageTooLargeError(jobName, bytes, maxMessageBytes);
  if (isJob(job)) await validateBody(jobName, job.payload, body);
  return { jobName, jobId, body, attributes, group, bytes };
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
