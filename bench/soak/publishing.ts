import { setTimeout as sleep } from 'node:timers/promises';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { AnyJob } from '../../src/job/index.ts';
import { createPublisher, type PublishItem } from '../../src/publisher/index.ts';
import type { Accounts } from './accounts.ts';
import { jobIdOf } from './jobId.ts';

interface Publishing {
  readonly accounts: Accounts;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly topicArn: string;
  queueUrl(job: string): string;
  /** Where the jobs record their effects. */
  readonly ledger: string;
  readonly signal: AbortSignal;
}

/** The most jobs on their way. More would fill the engine's memory as the number of jobs grows. */
const maxUnsettled = 1500;

/**
 * Publishes all jobs of a soak, each again until it is accepted, because publishing the same ID again is safe. Ends early when
 * the signal is aborted.
 */
export async function publishJobs(publishing: Publishing): Promise<void> {
  const { sns: client, topicArn, accounts, signal } = publishing;
  const publisher = createPublisher<SoakTypes>({ topicArn, client });
  let refused: Item[] = [];
  const send = async (items: AsyncIterable<Item> | readonly Item[]): Promise<void> => {
    const sent: Item[] = [];
    for await (const result of publisher.publishStream(remembering(items, sent))) {
      const item = sent.shift() as Item;
      if (result.status === 'published') accounts.notePublished(indexOf(item));
      else refused.push(item);
    }
  };
  await send(items(publishing));
  while (refused.length > 0 && !signal.aborted) {
    const again = refused;
    refused = [];
    await send(again);
  }
}

type SoakTypes = Record<string, AnyJob>;
type Item = PublishItem<SoakTypes>;

/** Keeps the items that are sent: results come in the same order. */
async function* remembering(
  items: AsyncIterable<Item> | readonly Item[],
  sent: Item[],
): AsyncGenerator<Item> {
  for await (const item of items) {
    sent.push(item);
    yield item;
  }
}

async function* items(publishing: Publishing): AsyncGenerator<Item> {
  const { accounts, ledger, signal } = publishing;
  for (let index = 0; index < accounts.jobs; index++) {
    while (index - accounts.settled >= maxUnsettled && !signal.aborted) await sleep(20);
    if (signal.aborted) return;
    const { job, act, untilAttempt, copies = 1, instead } = accounts.behaviour(index);
    if (instead === 'garbage through the topic' || instead === 'garbage straight to the queue') {
      await sendGarbage(index, publishing);
      continue;
    }
    const order = { index, act, untilAttempt, ledger };
    const payload = instead === 'a bad payload' ? { ...order, index: 'no number' } : order;
    for (let copy = 0; copy < copies; copy++) yield { job, payload, jobId: jobIdOf(index) };
  }
}

function indexOf({ jobId = '' }: Item): number {
  return Number(jobId.slice(jobIdOf(0).length - 1));
}

/** Sends text that is not JSON. No publisher of this project does so, but others may. */
async function sendGarbage(index: number, publishing: Publishing): Promise<void> {
  const { accounts, sns, sqs, topicArn: TopicArn, signal } = publishing;
  const { job, instead } = accounts.behaviour(index);
  const attributes = { jobName: text(job), jobId: text(jobIdOf(index)) };
  const send = (): Promise<unknown> =>
    instead === 'garbage through the topic'
      ? sns.send(new PublishCommand({ TopicArn, Message: '<xml>', MessageAttributes: attributes }))
      : sqs.send(
          new SendMessageCommand({
            QueueUrl: publishing.queueUrl(job),
            MessageBody: '<xml>',
            MessageAttributes: attributes,
          }),
        );
  while (!signal.aborted) {
    const sent = await send().then(
      () => true,
      () => false, // the network: once more
    );
    if (sent) return accounts.notePublished(index);
  }
}

function text(StringValue: string) {
  return { DataType: 'String', StringValue };
}
