import { jest } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { type AnyJob, defineJob, NonRetryableError } from '../../../src/job/index.ts';
import type { Letter } from '../../../src/message/letter.ts';
import { createHandler } from '../../../src/runtime/handler.ts';
import type { JobQueue } from '../../../src/runtime/jobQueue.ts';
import type { Once } from '../../../src/runtime/once.ts';
import { envelope, record } from './batchFixture.ts';

/** What a message makes its job do. */
export type Act = 'succeed' | 'succeed after a copy was sent' | 'throw' | 'throw once' | 'refuse';

export interface Life {
  /** Steps of the outcome code in their order, over all deliveries. */
  readonly steps: readonly string[];
  readonly messages: readonly MessageLife[];
  /** Deliveries of at least one message. */
  readonly deliveries: number;
}

export interface MessageLife {
  readonly act: Act;
  readonly messageId: string;
  effects: number;
  acknowledged: boolean;
  /** What had happened when the first process crashed. */
  atCrash: { effects: number; letters: number; acknowledged: boolean; remembered: boolean } | undefined;
  /** Its effect's result is in the idempotency table. */
  remembered: boolean;
  /** The reasons of its dead letters; `moved` for one that the redrive policy moved, without a reason. */
  readonly letters: string[];
}

export interface LifeOptions {
  readonly acts: readonly Act[];
  readonly maxAttempts: number;
  /** How often each message is published, with the same jobId. @default 1 */
  readonly copies?: number;
  /** Whether the process ends at this step, the first being 1. */
  crashesAt?(step: number, name: string): boolean;
  /** For an idempotent job: its memory, in which each call to DynamoDB is a step before and one after. */
  readonly once?: (process: Process, remembered: (jobId: string) => void) => Once;
  /** Called before each delivery: the visibility timeout has passed. */
  onRedelivery?(): void;
}

/**
 * Sends messages to a small model of SQS (receive counts, `maxReceiveCount`, a redrive policy) and delivers them to
 * the real handler until the queue is empty. A crash stops a process between two steps: nothing of it goes on, its
 * handler never answers, and what was in flight is delivered again.
 */
export async function liveThrough(options: LifeOptions): Promise<Life> {
  const { acts, maxAttempts, copies = 1, onRedelivery } = options;
  const queue = new Queue(acts, copies, maxAttempts + 1);
  const steps: string[] = [];
  let deliveries = 0;
  for (let records = queue.receive(); records.length > 0; records = queue.receive()) {
    if (++deliveries > 50) throw new Error('the queue never becomes empty');
    await deliver(records, new Process(queue, steps, options), queue, options);
    onRedelivery?.();
  }
  return { steps, messages: queue.messages, deliveries };
}

/** A life with a crash after each of its steps, one by one, and where that was. */
export async function eachCrash(options: () => LifeOptions): Promise<{ between: string; life: Life }[]> {
  const { steps } = await liveThrough(options());
  const lives: { between: string; life: Life }[] = [];
  for (let crash = 1; crash <= steps.length; crash++) {
    const life = await liveThrough({ ...options(), crashesAt: (step) => step === crash });
    lives.push({ between: `${steps[crash - 1]} | ${steps[crash] ?? 'the end'}`, life });
  }
  return lives;
}

/** The messages that are in the queue still, or left it without their effect and without being a dead letter. */
export function lost({ messages }: Life): MessageLife[] {
  return messages.filter(
    ({ acknowledged, effects, letters }) => !acknowledged || effects + letters.length === 0,
  );
}

/** The deadlines' timers of processes that crashed never fire, and the clock can be set. */
export function fakeDeadlines(): void {
  jest.useFakeTimers({
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
    ],
  });
}

export function realDeadlines(): void {
  jest.useRealTimers();
}

async function deliver(
  records: SQSRecord[],
  process: Process,
  queue: Queue,
  { maxAttempts, once }: LifeOptions,
): Promise<void> {
  const job = defineJob({
    maxAttempts,
    ...(once ? { idempotency: {} } : {}),
    run: (payload, { attempt }) => act(queue.life(payload as string), attempt, process),
  });
  const handle = createHandler(job as AnyJob, 'TestJob', {
    logger: process.logger() as never,
    queue: process.queue(),
    ...(once ? { once: once(process, (id) => queue.remember(id)) } : {}),
  });
  const context = {
    awsRequestId: 'request',
    getRemainingTimeInMillis: () => 15_000,
    logGroupName: 'group',
    logStreamName: 'stream',
  };
  const answered = handle({ Records: records }, context).then(async ({ batchItemFailures }) => {
    await process.step('reported');
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { messageId } of records) {
      if (failed.has(messageId)) continue;
      await process.does(() => queue.acknowledge(messageId), `acknowledged ${messageId}`);
    }
  });
  await Promise.race([answered, process.crashed]);
  await process.callsEnded();
  if (process.isDead) queue.noteCrash();
}

async function act(message: MessageLife, attempt: number, process: Process): Promise<void> {
  await process.step(`running ${message.messageId}`);
  if (message.act === 'succeed after a copy was sent' && !process.isRedelivery) await process.copySent;
  if (message.act === 'throw' || (message.act === 'throw once' && attempt === 1)) throw new TypeError('no');
  if (message.act === 'refuse') throw new NonRetryableError('never');
  await process.does(() => countEffect(message), `had the effect of ${message.messageId}`);
}

function countEffect(message: MessageLife): void {
  message.effects += 1;
}

/** One process: after its crash nothing that it was given does anything, and nothing returns. */
export class Process {
  readonly crashed: Promise<void>;
  /** Resolves when a message has been sent to its queue once more. */
  readonly copySent: Promise<void>;
  /** Whether something was delivered before. */
  readonly isRedelivery: boolean;
  readonly #queue: Queue;
  readonly #steps: string[];
  readonly #options: LifeOptions;
  readonly #crash: () => void;
  readonly #noteCopy: () => void;
  readonly #calls: Promise<unknown>[] = [];
  isDead = false;

  constructor(queue: Queue, steps: string[], options: LifeOptions) {
    this.#queue = queue;
    this.#steps = steps;
    this.#options = options;
    this.isRedelivery = steps.length > 0;
    ({ promise: this.crashed, resolve: this.#crash } = Promise.withResolvers<void>());
    ({ promise: this.copySent, resolve: this.#noteCopy } = Promise.withResolvers<void>());
  }

  /** Marks the place between what was done and what comes next. */
  async step(name: string): Promise<void> {
    this.#reach(name);
    if (this.isDead) await new Promise(() => undefined);
  }

  /** Does something that outlives the process, unless that is dead, and marks that it was done. */
  async does(something: () => void, done: string): Promise<void> {
    if (this.isDead) await new Promise(() => undefined);
    something();
    await this.step(done);
  }

  /** A call over the network: once it is sent, it is handled, whatever becomes of the process. */
  async calls<T>(name: string, send: () => Promise<T>): Promise<T> {
    await this.step(`${name} is to be sent`);
    if (this.isDead) await new Promise(() => undefined);
    const call = send();
    this.#calls.push(call);
    const answer = await call;
    await this.step(`${name} was done`);
    return answer;
  }

  async callsEnded(): Promise<void> {
    await Promise.allSettled(this.#calls);
  }

  queue(): JobQueue {
    return {
      delay: async (messages) => {
        await this.step('a visibility is to change');
        const change = () => {
          for (const { Id } of messages) this.#queue.makeVisible(Id);
        };
        await this.does(change, 'a visibility has changed');
        return new Map();
      },
      sendDeadLetter: async (letter) => {
        await this.step('a dead letter is to be sent');
        await this.does(() => this.#queue.bury(letter), 'a dead letter was sent');
      },
      sendAgain: async (letter) => {
        await this.step('a copy is to be sent');
        await this.does(() => this.#queue.sendAgain(letter), 'a copy was sent');
        this.#noteCopy();
      },
    };
  }

  /** A line is a step of its own; it cannot wait, so that what comes next must be dead already. */
  logger() {
    const write = (message: string): void => this.#reach(`logged ${message}`);
    return { debug: write, info: write, warn: write, error: write };
  }

  #reach(name: string): void {
    if (this.isDead) return;
    this.#steps.push(name);
    if (!this.#options.crashesAt?.(this.#steps.length, name)) return;
    this.isDead = true;
    this.#crash();
  }
}

/** As much of SQS as matters here. */
class Queue {
  readonly messages: MessageLife[];
  readonly #inQueue: SqsMessage[];
  readonly #maxReceiveCount: number;

  constructor(acts: readonly Act[], copies: number, maxReceiveCount: number) {
    this.#maxReceiveCount = maxReceiveCount;
    this.messages = acts.map((act, index) => ({
      act,
      messageId: `m${index}`,
      effects: 0,
      acknowledged: false,
      remembered: false,
      atCrash: undefined,
      letters: [],
    }));
    this.#inQueue = this.messages.flatMap((life) =>
      Array.from({ length: copies }, (_, copy) => ({
        messageId: copy === 0 ? life.messageId : `${life.messageId}-${copy}`,
        life,
        attributes: {},
        receiveCount: 0,
      })),
    );
  }

  /** Everything that is not acknowledged, its visibility timeout or its delay having passed. */
  receive(): SQSRecord[] {
    return [...this.#inQueue].flatMap((message) => {
      const { messageId, life, attributes } = message;
      const receiveCount = ++message.receiveCount;
      if (receiveCount > this.#maxReceiveCount) {
        life.letters.push('moved');
        this.acknowledge(messageId);
        return [];
      }
      const body = envelope(JSON.stringify(life.messageId), { jobId: life.messageId });
      return record(body, { messageId, receiveCount, messageAttributes: attributes });
    });
  }

  life(messageId: string): MessageLife {
    return this.messages.find((life) => life.messageId === messageId) as MessageLife;
  }

  acknowledge(messageId: string): void {
    const [{ life }] = this.#inQueue.splice(this.#indexOf(messageId), 1) as [SqsMessage];
    life.acknowledged = this.#inQueue.every((message) => message.life !== life);
  }

  /** Everything is visible again at the next receive anyway. */
  makeVisible(messageId: string): void {
    if (this.#indexOf(messageId) === -1) throw new Error(`${messageId} has been deleted`);
  }

  bury({ MessageBody, MessageAttributes }: Letter): void {
    const { name, jobId } = JSON.parse(MessageAttributes.deadLetterReason?.StringValue ?? '');
    if (!MessageBody.includes(jobId)) throw new Error(`the body of ${jobId} has changed`);
    this.life(jobId).letters.push(name);
  }

  sendAgain({ MessageBody, MessageAttributes }: Letter): void {
    const life = this.life(JSON.parse(JSON.parse(MessageBody).Message));
    const attributes = Object.entries(MessageAttributes).map(([name, { DataType, StringValue = '' }]) => [
      name,
      { dataType: DataType, stringValue: StringValue },
    ]);
    const messageId = `${life.messageId}-again-${++this.#copies}`;
    this.#inQueue.push({ messageId, life, attributes: Object.fromEntries(attributes), receiveCount: 0 });
  }

  remember(jobId: string): void {
    this.life(jobId).remembered = true;
  }

  noteCrash(): void {
    for (const life of this.messages) {
      const { effects, letters, acknowledged, remembered } = life;
      life.atCrash ??= { effects, letters: letters.length, acknowledged, remembered };
    }
  }

  #copies = 0;

  #indexOf(messageId: string): number {
    return this.#inQueue.findIndex((message) => message.messageId === messageId);
  }
}

interface SqsMessage {
  readonly messageId: string;
  readonly life: MessageLife;
  readonly attributes: SQSRecord['messageAttributes'];
  receiveCount: number;
}
