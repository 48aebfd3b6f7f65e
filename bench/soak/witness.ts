import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Platform } from '../../local/platform/platform.ts';
import type { PlatformEvent } from '../../local/platform/view.ts';
import { reasonAttribute } from '../../src/message/deadLetterReason.ts';
import type { Accounts } from './accounts.ts';
import { isIdempotent } from './behaviours.ts';
import { indexIn, indexOfMessage } from './jobId.ts';

/** Notes what the platform and the runtime say about jobs that may miss the fate they were promised. */
export function witness(event: PlatformEvent, accounts: Accounts, platform: Platform | undefined): void {
  if (event.type === 'log') noteExcuse(event.line.text, accounts);
  if (event.type === 'batch' && event.outcome.result.status === 'error') {
    const { queueName, messageIds, result } = event.outcome;
    accounts.noteDeadBatch(queueName.replace(/^.*-/, ''));
    if (result.errorType === 'Sandbox.Timedout') {
      void noteKilledBatch(queueName, messageIds, accounts, platform);
    }
  }
}

/** Looks for the runtime's log lines of a dead letter that waits, an effect that is not remembered, a run that was cut short. */
function noteExcuse(logLine: string, accounts: Accounts): void {
  const isExcuse = excuse.test(logLine);
  if (!isExcuse && !logLine.includes('"DeadlineError"')) return;
  const index = indexIn(logLine);
  if (index !== undefined && (isExcuse || isIdempotent(accounts.behaviour(index))))
    accounts.noteExcuse(index);
}

const excuse = /"message":"(dead, not yet sent|the job is done, but could not be remembered)/;

/**
 * On a busy machine a batch may run into its timeout although no job of it misbehaves. The effects that its idempotent jobs
 * had by then are not remembered.
 */
async function noteKilledBatch(
  queueName: string,
  messageIds: readonly string[],
  accounts: Accounts,
  platform: Platform | undefined,
): Promise<void> {
  const queue = await platform?.inspectQueue(queueName);
  for (const message of [...(queue?.visible ?? []), ...(queue?.notVisible ?? [])]) {
    if (!messageIds.includes(message.messageId)) continue;
    const index = indexOfMessage(message.body, message.messageAttributes);
    if (index !== undefined && isIdempotent(accounts.behaviour(index))) accounts.noteExcuse(index);
  }
}

/**
 * Notes the dead letters of a queue and deletes them, so that they do not pile up in the memory that the soak watches. When
 * the network makes a call fail, the next one takes its letters.
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
  for (const message of Messages) noteDeath(message, accounts);
  const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  return Messages.length;
}

function noteDeath({ Body = '', MessageAttributes }: Message, accounts: Accounts): void {
  const index = indexOfMessage(Body, MessageAttributes);
  if (index === undefined) throw new Error(`a dead letter of no job of this soak: ${Body}`);
  const reason = JSON.parse(MessageAttributes?.[reasonAttribute]?.StringValue ?? '{}');
  accounts.noteDeath(index, { name: reason.name, attempts: reason.attempts });
}
