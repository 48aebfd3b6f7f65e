import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import { reasonAttribute } from '../../src/message/deadLetterReason.ts';
import {
  attributeBytes,
  type MessageAttributes,
  maxAttributes,
  maxBatchEntries,
  maxSqsBytes,
} from '../../src/message/limits.ts';
import { attemptsMadeAttribute, envelopeOf } from '../../src/message/received.ts';
import { errorCode, isRefusal } from '../awsProblem.ts';
import type { Letter } from './letter.ts';
import type { MessageCalls } from './queues.ts';

/** A message as it leaves a dead-letter queue. */
interface Outgoing {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly group: string | undefined;
}

/**
 * The message to send for a letter: its body and attributes, without the reason and the count of attempts, which begins
 * again. A job whose ID is the SQS message ID keeps it in the attribute `jobId` if there is room, as in the runtime.
 */
export function outgoing({ body, attributes, jobId, messageId, group }: Letter): Outgoing {
  const { [reasonAttribute]: _reason, [attemptsMadeAttribute]: _made, ...kept } = attributes;
  const asItWas = { body, attributes: kept, group };
  if (jobId !== messageId || envelopeOf(body) !== undefined) return asItWas;
  const withId = { ...asItWas, attributes: { ...kept, jobId: { DataType: 'String', StringValue: jobId } } };
  return hasRoom(withId) ? withId : asItWas;
}

/** The size of a message in bytes, as SQS counts it. */
export function bytesOf({ body, attributes }: Outgoing): number {
  return Buffer.byteLength(body) + attributeBytes(attributes);
}

function hasRoom(message: Outgoing): boolean {
  return Object.keys(message.attributes).length <= maxAttributes && bytesOf(message) <= maxSqsBytes;
}

/** The result of sending letters. */
interface Sent {
  readonly sent: readonly Letter[];
  readonly failed: readonly Failure[];
  /**
   * Why sending ended early: a call got no answer, or an answer that concerns all letters, such as a missing permission. It is
   * not known whether the letters in neither list were sent.
   */
  readonly error?: Error;
}

export interface Failure {
  readonly letter: Letter;
  readonly why: string;
}

/** Sends letters to their destination; never throws. */
export type Send = (letters: readonly Letter[]) => Promise<Sent>;

/** Sends letters to a job's queue, in batches of at most ten and 1 MiB. */
export function sendToQueue(
  sqs: Pick<MessageCalls, 'sendMessageBatch'>,
  queueUrl: string,
  toSend: (letter: Letter) => Outgoing = outgoing,
): Send {
  return async (letters) => {
    const sent: Letter[] = [];
    const failed: Failure[] = [];
    for (const batch of batchesOf(letters.map((letter) => ({ letter, message: toSend(letter) })))) {
      const Entries = batch.map(({ message }, index) => entryOf(message, String(index)));
      try {
        const { Successful = [], Failed = [] } = await sqs.sendMessageBatch({ QueueUrl: queueUrl, Entries });
        const outcome = outcomeOf(
          batch.map(({ letter }) => letter),
          Successful,
          Failed,
        );
        sent.push(...outcome.taken);
        failed.push(...outcome.failed);
      } catch (error) {
        if (!isRefusal(error as Error)) return { sent, failed, error: error as Error };
        const why = `${errorCode(error as Error)}: ${(error as Error).message}`;
        failed.push(...batch.map(({ letter }) => ({ letter, why })));
      }
    }
    return { sent, failed };
  };
}

/** Deletes letters; one whose receipt handle has expired is a failure. */
export async function deleteLetters(
  sqs: Pick<MessageCalls, 'deleteMessageBatch'>,
  queueUrl: string,
  letters: readonly Letter[],
): Promise<{ deleted: readonly Letter[]; failed: readonly Failure[] }> {
  if (letters.length === 0) return { deleted: [], failed: [] };
  const Entries = letters.map(({ receiptHandle }, index) => ({
    Id: String(index),
    ReceiptHandle: receiptHandle,
  }));
  const { Successful = [], Failed = [] } = await sqs.deleteMessageBatch({ QueueUrl: queueUrl, Entries });
  const { taken, failed } = outcomeOf(letters, Successful, Failed);
  return { deleted: taken, failed };
}

interface Sending {
  readonly letter: Letter;
  readonly message: Outgoing;
}

function batchesOf(sendings: readonly Sending[]): Sending[][] {
  const batches: Sending[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const sending of sendings) {
    const more = bytesOf(sending.message);
    const open = batches.at(-1);
    if (open === undefined || open.length === maxBatchEntries || bytes + more > maxSqsBytes) {
      batches.push([sending]);
      bytes = more;
    } else {
      open.push(sending);
      bytes += more;
    }
  }
  return batches;
}

function entryOf({ body, attributes, group }: Outgoing, Id: string) {
  return {
    Id,
    MessageBody: body,
    MessageAttributes: { ...attributes },
    ...(group === undefined ? {} : { MessageGroupId: group }),
  };
}

/** Reads a batch's response. Even with HTTP 200 it can hold failed entries, and an entry may be in neither list. */
function outcomeOf(
  letters: readonly Letter[],
  Successful: readonly { readonly Id?: string | undefined }[],
  Failed: readonly BatchResultErrorEntry[],
): { taken: Letter[]; failed: Failure[] } {
  const ids = new Set(Successful.map(({ Id }) => Id));
  const taken: Letter[] = [];
  const failed: Failure[] = [];
  for (const [index, letter] of letters.entries()) {
    const { Code = 'Unknown', Message = 'SQS gave no reason' } =
      Failed.find(({ Id }) => Id === String(index)) ?? {};
    if (ids.has(String(index))) taken.push(letter);
    else failed.push({ letter, why: `${Code}: ${Message}` });
  }
  return { taken, failed };
}
