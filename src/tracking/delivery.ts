import type { JobContext } from '../job/context.ts';
import { type JobMessage, publishedAt } from '../message/received.ts';

/** One delivery of a job's message. */
export interface Delivery {
  readonly jobName: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  /**
   * Orders the deliveries of a job, as a text: by when SQS got the message, then by its receive count. A redriven dead
   * letter is a new message of SQS, sent later.
   */
  readonly sequence: string;
  /** Of this run alone. */
  readonly runId: string;
  /** When the job was published, as far as anybody said. */
  readonly createdAt: string;
}

export function deliveryOf(
  message: JobMessage,
  { attempt, maxAttempts }: Pick<JobContext, 'attempt' | 'maxAttempts'>,
  jobName: string,
  nowMs: number,
): Delivery {
  const { record, receiveCount } = message;
  const sentAt = Number(record.attributes.SentTimestamp) || 0;
  return {
    jobName,
    attempt,
    maxAttempts,
    sequence: sequenceOf(sentAt, receiveCount),
    runId: crypto.randomUUID(),
    createdAt: instantOf(publishedAt(message)) ?? new Date(sentAt || nowMs).toISOString(),
  };
}

/** Before every delivery. */
export const firstSequence = sequenceOf(0, 0);

function sequenceOf(sentAt: number, receiveCount: number): string {
  return `${String(sentAt).padStart(15, '0')}-${String(receiveCount).padStart(9, '0')}`;
}

/** Any producer may have written it. */
function instantOf(value = ''): string | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
