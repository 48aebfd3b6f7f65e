import { type Message, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { Squiss } from 'squiss-ts';
import * as z from 'zod/mini';
import { defineJob } from '../src/job/index.ts';
import { startWorker } from '../src/worker/worker.ts';

export type ContestantName = 'worker' | 'sqs-consumer' | '4 sqs-consumers' | '8 sqs-consumers' | 'squiss-ts';

/** Something that consumes a queue, until it is stopped. */
interface Contestant {
  stop(): Promise<void>;
}

export interface Queue {
  readonly config: SQSClientConfig;
  readonly queueUrl: string;
}

interface Listeners {
  /** Called when a message is at its handler; `sentAt` comes from its payload. */
  onHandled?(sentAt: number): void;
  /** Called when so many messages were handled and deleted. */
  onDone?(messages: number): void;
}

export async function startContestant(
  name: ContestantName,
  queue: Queue,
  listeners: Listeners,
): Promise<Contestant> {
  if (name === 'worker') return startOurs(queue, listeners);
  if (name === 'squiss-ts') return await startSquiss(queue, listeners);
  const instances = Number.parseInt(name, 10) || 1;
  const consumers = Array.from({ length: instances }, () => startConsumer(queue, listeners));
  return { stop: async () => void (await Promise.all(consumers.map((consumer) => consumer.stop()))) };
}

/** 40 messages at once make 4 pollers. */
function startOurs({ config, queueUrl }: Queue, { onHandled, onDone }: Listeners): Contestant {
  const job = defineJob({
    payload: z.object({ friendName: z.string(), sentAt: z.number() }),
    run: ({ sentAt }) => onHandled?.(sentAt),
  });
  return startWorker({
    job,
    name: 'GreetingJob',
    queueUrl,
    deadLetterQueueUrl: queueUrl,
    concurrency: 40,
    stopTimeoutMs: pollSeconds * 1000,
    clientConfig: config,
    onSettled: () => onDone?.(1),
  });
}

/** Uses batches, its faster mode: it receives and deletes ten messages at a time. */
function startConsumer({ config, queueUrl }: Queue, { onHandled, onDone }: Listeners): Contestant {
  let handled = 0;
  const consumer = Consumer.create({
    queueUrl,
    sqs: new SQSClient(config),
    batchSize: 10,
    waitTimeSeconds: pollSeconds,
    // Without this, a poll in flight would take messages of the next round.
    pollingCompleteWaitTimeMs: 5000,
    handleMessageBatch: async (messages) => {
      for (const message of messages) onHandled?.(sentAtOf(message));
      handled += messages.length;
      return messages;
    },
  });
  consumer.on('response_processed', () => {
    onDone?.(handled);
    handled = 0;
  });
  consumer.start();
  return {
    stop: () =>
      new Promise((resolve) => {
        consumer.once('stopped', () => resolve());
        consumer.stop();
      }),
  };
}

async function startSquiss(
  { config, queueUrl }: Queue,
  { onHandled, onDone }: Listeners,
): Promise<Contestant> {
  const squiss = new Squiss({
    queueUrl,
    awsConfig: config,
    receiveBatchSize: 10,
    deleteBatchSize: 10,
    deleteWaitMs: 5,
    receiveWaitTimeSecs: pollSeconds,
    maxInFlight: 100,
  } as ConstructorParameters<typeof Squiss>[0]);
  squiss.on('message', (message) => {
    onHandled?.(sentAtOf({ Body: message.raw.Body ?? '' }));
    void message.del();
  });
  squiss.on('deleted', () => onDone?.(1));
  await squiss.start();
  return { stop: async () => void (await squiss.stop()) };
}

/** Reads the time from a message. A poller's handler does nothing else. */
function sentAtOf({ Body = '' }: Pick<Message, 'Body'>): number {
  return (JSON.parse((JSON.parse(Body) as { Message: string }).Message) as { sentAt: number }).sentAt;
}

/** Short, so that a contestant has stopped before the next one begins. */
const pollSeconds = 1;
