import { expect, test } from '@jest/globals';
import { emptyTally } from '../../cli/dlq/report.ts';
import { selectionOf } from '../../cli/dlq/selection.ts';
import { sendBack } from '../../cli/dlq/sendBack.ts';
import { sendToQueue } from '../../cli/dlq/sendLetters.ts';
import { UnreliableSqs } from './unreliableSqs.ts';

/** An empty dead-letter queue whose calls take 20 ms each, and whose clock differs from this computer's. */
function sqsAhead(aheadMs: number): UnreliableSqs {
  const sqs = new UnreliableSqs([]);
  sqs.aheadMs = aheadMs;
  const { receiveMessage, sendMessageBatch } = sqs;
  sqs.receiveMessage = async (input) => {
    sqs.nowMs += 10;
    const output = await receiveMessage(input);
    sqs.nowMs += 10;
    return output;
  };
  sqs.sendMessageBatch = async (input) => {
    sqs.nowMs += 10;
    const output = await sendMessageBatch(input);
    sqs.nowMs += 10;
    return output;
  };
  return sqs;
}

function bury(sqs: UnreliableSqs, id: string, jobId: string): void {
  sqs.bury(id, id, { jobId: { DataType: 'String', StringValue: jobId } });
}

async function redriveAll(sqs: UnreliableSqs) {
  const tally = emptyTally();
  await sendBack({ sqs, queueUrl: 'dead', now: sqs.now }, tally, {
    selection: selectionOf({ all: true }),
    send: sendToQueue(sqs, 'queue'),
    signal: new AbortController().signal,
  });
  return tally;
}

const clocks = [0, 7_000, -7_000, 90_000, -90_000];

test.each(clocks)('all letters of one ID go back, however young, with SQS %d ms ahead', async (aheadMs) => {
  const sqs = sqsAhead(aheadMs);
  for (let index = 0; index < 45; index += 1) bury(sqs, `m-${index}`, 'same');
  expect(await redriveAll(sqs)).toMatchObject({ seen: 45, redriven: 45, diedAgain: 0 });
});

test.each(clocks)('what dies again at once stays dead, with SQS %d ms ahead', async (aheadMs) => {
  const sqs = sqsAhead(aheadMs);
  for (let index = 0; index < 45; index += 1)
    bury(sqs, `m-${index}`, index % 2 === 0 ? 'same' : `j-${index}`);
  const { sendMessageBatch } = sqs;
  sqs.sendMessageBatch = async (input) => {
    const output = await sendMessageBatch(input);
    for (const { MessageBody = '', MessageAttributes } of input.Entries ?? []) {
      bury(sqs, `${MessageBody} again`, MessageAttributes?.jobId?.StringValue ?? '');
    }
    return output;
  };
  const { seen, redriven, diedAgain } = await redriveAll(sqs);
  expect([seen, redriven, diedAgain]).toEqual([45, 45, 45]);
  expect(sqs.queue).toHaveLength(45);
});
