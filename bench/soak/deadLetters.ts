import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { reasonAttribute } from '../../src/message/deadLetterReason.ts';
import type { Accounts } from './accounts.ts';
import { indexOfMessage } from './jobId.ts';

/**
 * Notes the dead letters of a queue and takes them out, so that they do not pile up in the memory that the soak
 * watches. What the network does to these calls is made good by the next ones.
 */
export async function collectDeadLetters(
  queueUrl: string,
  sqs: SQSClient,
  accounts: Accounts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const found = await collectSome(queueUrl, sqs, accounts).catch(() => 0);
    if (found === 0) await sleep(100);
  }
}

async function collectSome(QueueUrl: string, sqs: SQSClient, accounts: Accounts): Promise<number> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
  );
  if (Messages.length === 0) return 0;
  for (const message of Messages) note(message, accounts);
  const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  return Messages.length;
}

function note({ Body = '', MessageAttributes }: Message, accounts: Accounts): void {
  const index = indexOfMessage(Body, MessageAttributes);
  if (index === undefined) throw new Error(`a dead letter of no job of this soak: ${Body}`);
  const reason = JSON.parse(MessageAttributes?.[reasonAttribute]?.StringValue ?? '{}');
  accounts.noteDeath(index, { name: reason.name, attempts: reason.attempts });
}
