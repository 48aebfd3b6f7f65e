import type { Message } from '@aws-sdk/client-sqs';
import type { MessageCalls, MoveCalls } from '../../cli/dlq/queues.ts';

/**
 * What happens to one call: nothing special, a throw without or with its effect, some entries refused, or this computer
 * sleeps for longer than letters are held, before or after its effect.
 */
export type Fault = 'none' | 'before' | 'after' | 'partly' | 'sleepBefore' | 'sleepAfter';

/**
 * A dead-letter queue and a job's queue as SQS has them, where any call may fail in any way, on a clock of their own. As
 * AWS documents it, SQS says yes to a receipt handle that is not the newest, and does nothing.
 */
export class UnreliableSqs implements MessageCalls, Pick<MoveCalls, 'getQueueAttributes'> {
  readonly dead = new Map<string, DeadMessage>();
  readonly queue: string[] = [];
  readonly calls: string[] = [];
  /** By this computer's clock. */
  nowMs = 1_000_000;
  /** How far SQS's own clock is ahead of that. */
  aheadMs = 0;
  readonly #faults: Fault[];
  #handles = 0;

  constructor(bodies: readonly string[], faults: readonly Fault[] = []) {
    this.#faults = [...faults];
    for (const [index, body] of bodies.entries()) this.bury(`message-${index}`, body);
  }

  readonly now = (): number => this.nowMs;

  bury(MessageId: string, Body: string, attributes: Message['MessageAttributes'] = {}): void {
    const Attributes = { SentTimestamp: String(this.nowMs + this.aheadMs) };
    const message = { MessageId, Body, Attributes, MessageAttributes: attributes };
    this.dead.set(MessageId, { message, handle: undefined, visibleAtMs: 0, receiveCount: 0 });
  }

  /** The bodies of the dead letters that are in the job's queue as well. */
  inBoth(): string[] {
    return this.deadBodies().filter((body) => this.queue.includes(body));
  }

  deadBodies(): string[] {
    return [...this.dead.values()].map(({ message }) => message.Body ?? '');
  }

  receiveMessage: MessageCalls['receiveMessage'] = ({ MaxNumberOfMessages = 1, VisibilityTimeout = 30 }) =>
    this.#call('receive', [], () => {
      const visible = [...this.dead.values()].filter((entry) => this.#isVisible(entry));
      return {
        Messages: visible.slice(0, MaxNumberOfMessages).map((entry) => {
          entry.handle = `handle-${this.#handles++}`;
          entry.visibleAtMs = this.nowMs + VisibilityTimeout * 1_000;
          entry.receiveCount += 1;
          entry.firstReceivedAtMs ??= this.nowMs + this.aheadMs;
          const { message, receiveCount, firstReceivedAtMs } = entry;
          return {
            ...message,
            ReceiptHandle: entry.handle,
            Attributes: {
              ...message.Attributes,
              ApproximateReceiveCount: String(receiveCount),
              ApproximateFirstReceiveTimestamp: String(firstReceivedAtMs),
            },
          };
        }),
      };
    });

  sendMessageBatch: MessageCalls['sendMessageBatch'] = ({ Entries = [] }) =>
    this.#call('send', Entries, (entries) => {
      for (const { MessageBody = '' } of entries) this.queue.push(MessageBody);
      return undefined;
    });

  deleteMessageBatch: MessageCalls['deleteMessageBatch'] = ({ Entries = [] }) =>
    this.#call('delete', Entries, (entries) => {
      for (const { ReceiptHandle } of entries) {
        const entry = this.#inFlight(ReceiptHandle);
        if (entry) this.dead.delete(entry.message.MessageId ?? '');
      }
      return undefined;
    });

  changeMessageVisibilityBatch: MessageCalls['changeMessageVisibilityBatch'] = ({ Entries = [] }) =>
    this.#call('release', Entries, (entries) => {
      for (const { ReceiptHandle, VisibilityTimeout = 0 } of entries) {
        const entry = this.#inFlight(ReceiptHandle);
        if (entry) entry.visibleAtMs = this.nowMs + VisibilityTimeout * 1_000;
      }
      return undefined;
    });

  getQueueAttributes: MoveCalls['getQueueAttributes'] = async () => {
    const visible = [...this.dead.values()].filter((entry) => this.#isVisible(entry)).length;
    return {
      Attributes: {
        ApproximateNumberOfMessages: String(visible),
        ApproximateNumberOfMessagesNotVisible: String(this.dead.size - visible),
      },
    };
  };

  isInFlight(id: string): boolean {
    const entry = this.dead.get(id);
    return entry !== undefined && !this.#isVisible(entry);
  }

  #isVisible({ visibleAtMs }: DeadMessage): boolean {
    return visibleAtMs <= this.nowMs;
  }

  #inFlight(handle: string | undefined): DeadMessage | undefined {
    const found = [...this.dead.values()].find((entry) => entry.handle === handle);
    return found && !this.#isVisible(found) ? found : undefined;
  }

  async #call<Entry extends { Id?: string | undefined }>(
    name: string,
    entries: readonly Entry[],
    effect: (taken: readonly Entry[]) => { Messages: Message[] } | undefined,
  ) {
    const fault = this.#faults.shift() ?? 'none';
    this.calls.push(name);
    await Promise.resolve();
    if (fault === 'before') throw new Error(`${name} failed before`);
    if (fault === 'sleepBefore') this.nowMs += sleepMs;
    const taken = fault === 'partly' ? entries.filter((_, index) => index % 2 === 0) : entries;
    const output = effect(taken);
    if (fault === 'after') throw new Error(`${name} failed after`);
    if (fault === 'sleepAfter') this.nowMs += sleepMs;
    const refused = entries.filter((entry) => !taken.includes(entry));
    return {
      Successful: taken.map(({ Id }) => ({ Id })) as never[],
      Failed: refused.map(({ Id }) => ({ Id, Code: 'ReceiptHandleIsInvalid', SenderFault: true })),
      ...output,
    };
  }
}

interface DeadMessage {
  readonly message: Message;
  handle: string | undefined;
  visibleAtMs: number;
  receiveCount: number;
  firstReceivedAtMs?: number;
}

const sleepMs = 36_000;
