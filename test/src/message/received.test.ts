import { expect, test } from '@jest/globals';
import { letterOf, messageCopy } from '../../../src/message/letter.ts';
import { publishedAt, readMessage, unreadable } from '../../../src/message/received.ts';
import { sqsRecord } from '../../../src/message/sqsRecord.ts';

const published = '2026-11-21T09:00:00.000Z';
const other = '2020-01-01T00:00:00.000Z';

test.each([
  ["the envelope's attributes come first", { envelope: 'e', record: 'r' }, 'e'],
  ["then the record's", { record: 'r' }, 'r'],
  ['an empty one is none', { envelope: '', record: 'r' }, 'r'],
])('%s', (_, given, wins) => {
  const message = received(given);
  expect([message.jobId, publishedAt(message)]).toEqual([wins, wins]);
});

test('without an attribute the ID is the envelope’s, else SQS’s; nobody said when it was published', () => {
  expect(received({ envelope: undefined }).jobId).toBe('sns-1');
  expect(readMessage(sqsRecord({ MessageId: 'sqs-1', Body: '{}' })).jobId).toBe('sqs-1');
  expect(publishedAt(received({}))).toBeUndefined();
});

test('a copy that the runtime sent carries its own in the record, which wins', () => {
  const message = received({ envelope: 'e', record: 'r' });
  const copy = again(messageCopy(message, 0));
  expect([copy.jobId, copy.record.messageAttributes.jobId?.stringValue]).toEqual(['e', 'e']);
  expect(publishedAt(copy)).toBe('r');
  expect(again(messageCopy(copy, 0)).jobId).toBe('e');
});

test('a letter keeps the ID that its message was run under, whatever its record says', () => {
  const { MessageAttributes } = letterOf(received({ envelope: published, record: other }), 'reason', 'why');
  expect(MessageAttributes.jobId?.StringValue).toBe(published);
});

test('what is no JSON has no payload, in an envelope or without one', () => {
  expect(readMessage(sqsRecord({ Body: 'no' })).payload).toBe(unreadable);
  const body = JSON.stringify({ Type: 'Notification', MessageId: 'm', TopicArn: 't', Message: '{' });
  expect(readMessage(sqsRecord({ Body: body })).payload).toBe(unreadable);
});

/** A message whose `jobId` and `publishedAt` are the given texts, in its envelope and in its record. */
function received({ envelope, record }: { envelope?: string | undefined; record?: string }) {
  const attribute = { Type: 'String', Value: envelope };
  return readMessage(
    sqsRecord({
      MessageId: 'sqs-1',
      Body: JSON.stringify({
        ...{ Type: 'Notification', MessageId: 'sns-1', TopicArn: 't', Message: '{}' },
        MessageAttributes: envelope === undefined ? {} : { jobId: attribute, publishedAt: attribute },
      }),
      MessageAttributes: record === undefined ? {} : { jobId: text(record), publishedAt: text(record) },
    }),
  );
}

function again({ MessageBody, MessageAttributes }: ReturnType<typeof letterOf>) {
  return readMessage(sqsRecord({ MessageId: 'sqs-2', Body: MessageBody, MessageAttributes }));
}

function text(StringValue: string) {
  return { DataType: 'String', StringValue };
}
