import type { SNSClient } from '@aws-sdk/client-sns';
import type { MessageAttributes } from '../../src/message/limits.ts';
import { envelopeAttributes, envelopeOf } from '../../src/message/received.ts';
import { isFromScheduler } from '../../src/message/scheduledPublish.ts';
import { systemClock } from '../../src/publisher/clock.ts';
import type { Message } from '../../src/publisher/message.ts';
import { sendBatch } from '../../src/publisher/send.ts';
import { batchesOf } from '../../src/publisher/stream.ts';
import type { Letter } from './letter.ts';
import { bytesOf, outgoing, type Send } from './sendLetters.ts';

/**
 * Publishes letters to the topic again, each with its old ID as the attribute `jobId`. A letter that no job would take is
 * refused, because it would only come back to the same queue.
 */
export function publishToTopic(sns: SNSClient, topicArn: string, jobNames: readonly string[]): Send {
  return async (letters) => {
    const refused = letters.flatMap((letter) => {
      const why = refusal(letter, jobNames);
      return why === undefined ? [] : [{ letter, why }];
    });
    const accepted = letters.filter((letter) => refusal(letter, jobNames) === undefined);
    const results = await publish(sns, topicArn, accepted.map(publication));
    const failed = accepted.flatMap((letter, index) => {
      const result = results[index];
      return result?.status === 'failed' ? [{ letter, why: result.error.message }] : [];
    });
    const unsent = new Set(failed.map(({ letter }) => letter));
    return { sent: accepted.filter((letter) => !unsent.has(letter)), failed: [...refused, ...failed] };
  };
}

/** Why no job takes a letter; undefined for a letter that would run. */
export function refusal(letter: Letter, jobNames: readonly string[]): string | undefined {
  if (letter.scheduled === undefined && isFromScheduler(letter.attributes)) {
    return 'the input of its schedule cannot be read (Scheduler cuts off what is too large): publish the job again';
  }
  const problem = jobNameProblem(letter);
  if (problem !== undefined) return `${problem}, so no job takes it`;
  const jobName = jobNameOf(letter);
  return jobNames.includes(jobName) ? undefined : `there is still no job '${jobName}': add it first`;
}

/** The job that a letter of the unrouted or undelivered queue is for; empty when it names none. */
export function jobNameOf(letter: Letter): string {
  return publication(letter).jobName;
}

/** Why a letter names no job; undefined when it names one. */
export function jobNameProblem(letter: Letter): string | undefined {
  if (jobNameOf(letter) !== '') return undefined;
  const { DataType: type = 'String' } = publishedIn(letter).attributes.jobName ?? {};
  return type === 'String'
    ? 'it has no attribute jobName (of type String)'
    : `its attribute jobName is of type ${type}, not String`;
}

function publication(letter: Letter): Message {
  const published = publishedIn(letter);
  const attributes = {
    ...published.attributes,
    jobId: { DataType: 'String', StringValue: letter.jobId },
  };
  const { DataType, StringValue = '' } = published.attributes.jobName ?? {};
  return {
    jobName: DataType === 'String' ? StringValue : '',
    jobId: letter.jobId,
    body: published.body,
    attributes,
    group: letter.group,
    bytes: bytesOf({ body: published.body, attributes, group: undefined }),
  };
}

/** What was published or should have been: the content of the schedule or of the envelope; without one, the message itself. */
function publishedIn(letter: Letter): { body: string; attributes: MessageAttributes } {
  return letter.scheduled ?? deliveredPublish(letter);
}

function deliveredPublish(letter: Letter): { body: string; attributes: MessageAttributes } {
  const envelope = envelopeOf(letter.body);
  return envelope
    ? { body: envelope.Message, attributes: envelopeAttributes(envelope) }
    : { body: letter.body, attributes: withoutDeliveryError(outgoing(letter).attributes) };
}

/** Removes the three attributes that SNS adds to a message that it could not deliver. */
function withoutDeliveryError({
  RequestID: _id,
  ErrorCode: _code,
  ErrorMessage: _message,
  ...kept
}: MessageAttributes): MessageAttributes {
  return kept;
}

async function publish(sns: SNSClient, topicArn: string, messages: readonly Message[]) {
  const results = [];
  for await (const batch of batchesOf(asyncOf(messages))) {
    results.push(...(await sendBatch(sns, topicArn, batch, systemClock)));
  }
  return results;
}

async function* asyncOf<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}
