import { randomUUID } from 'node:crypto';
import type { FauxqsInternals, Queue, SqsStore, StoredMessage } from './fauxqs.ts';

interface MessageMoveOptions {
  readonly source: Queue;
  /** undefined: each message goes back to the queue that it came from. */
  readonly destination: Queue | undefined;
  /** 1 to 500; undefined leaves the pace to the engine. */
  readonly maxPerSecond: number | undefined;
  readonly sqsStore: SqsStore;
  readonly internals: FauxqsInternals;
}

/**
 * Moves what is visible in a dead-letter queue when it starts, and at most as many messages as there were then: one
 * that dies again meanwhile does not keep the task going. A moved message is a new one, with a new ID, time and
 * receive count, and the attributes that it had.
 */
export class MessageMoveTask {
  readonly handle: string;
  readonly sourceArn: string;
  readonly #options: MessageMoveOptions;
  readonly #startedAtMs = Date.now();
  readonly #toMove: number;
  readonly #timer: NodeJS.Timeout;
  #moved = 0;
  #status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED' = 'RUNNING';
  #failureReason: string | undefined;

  constructor(options: MessageMoveOptions) {
    const { source } = options;
    this.#options = options;
    this.sourceArn = source.arn;
    const key = { taskId: randomUUID(), sourceArn: source.arn };
    this.handle = Buffer.from(JSON.stringify(key)).toString('base64');
    source.processTimers();
    this.#toMove = source.messages.length;
    this.#timer = setInterval(() => this.#moveSome(), tickMs).unref();
  }

  get isActive(): boolean {
    return this.#status === 'RUNNING' || this.#status === 'CANCELLING';
  }

  /** As ListMessageMoveTasks shows it: the handle only while it is running. */
  result() {
    const { destination, maxPerSecond } = this.#options;
    return {
      ...(this.#status === 'RUNNING' && { TaskHandle: this.handle }),
      Status: this.#status,
      SourceArn: this.sourceArn,
      ...(destination && { DestinationArn: destination.arn }),
      ...(maxPerSecond !== undefined && { MaxNumberOfMessagesPerSecond: maxPerSecond }),
      ApproximateNumberOfMessagesMoved: this.#moved,
      ApproximateNumberOfMessagesToMove: this.#toMove,
      ...(this.#failureReason !== undefined && { FailureReason: this.#failureReason }),
      StartedTimestamp: this.#startedAtMs,
    };
  }

  /** False when it is not running (any more). */
  cancel(): boolean {
    if (this.#status !== 'RUNNING') return false;
    this.#status = 'CANCELLING';
    return true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #moveSome(): void {
    const { source, sqsStore } = this.#options;
    if (this.#status === 'CANCELLING') this.#end('CANCELLED');
    else if (sqsStore.getQueueByArn(source.arn) !== source) this.#end('FAILED', nonExistentQueue);
    for (let budget = this.#budget(); budget > 0 && this.isActive && !this.#isDone(); budget--) {
      this.#moveNext();
    }
    if (this.isActive && this.#isDone()) this.#end('COMPLETED');
  }

  #budget(): number {
    const { maxPerSecond } = this.#options;
    if (maxPerSecond === undefined) return messagesPerTick;
    return Math.floor(((Date.now() - this.#startedAtMs) / 1_000) * maxPerSecond) - this.#moved;
  }

  #isDone(): boolean {
    return this.#moved >= this.#toMove || this.#options.source.messages.length === 0;
  }

  #moveNext(): void {
    const { messages } = this.#options.source;
    const [message] = messages as [StoredMessage, ...StoredMessage[]];
    const destination = this.#destinationOf(message);
    if (destination === undefined) return;
    messages.shift();
    destination.enqueue(this.#copyOf(message));
    this.#moved++;
  }

  /** Ends the task when there is none: a message that was sent straight into the dead-letter queue has no origin. */
  #destinationOf(message: StoredMessage): Queue | undefined {
    const { destination, sqsStore } = this.#options;
    const arn = destination?.arn ?? message.deadLetterSourceArn;
    const queue = arn === undefined ? undefined : sqsStore.getQueueByArn(arn);
    if (queue === undefined) this.#end('FAILED', arn === undefined ? noSource : nonExistentQueue);
    return queue;
  }

  #copyOf({ body, messageAttributes, messageGroupId }: StoredMessage): StoredMessage {
    const { SqsStore } = this.#options.internals;
    return SqsStore.createMessage(body, messageAttributes, undefined, messageGroupId);
  }

  #end(status: 'COMPLETED' | 'CANCELLED' | 'FAILED', failureReason?: string): void {
    this.#status = status;
    this.#failureReason = failureReason;
    this.stop();
  }
}

const tickMs = 10;
const messagesPerTick = 100;

/** The reasons that SQS gives. */
const noSource = 'CouldNotDetermineMessageSource';
const nonExistentQueue = 'AWS.SimpleQueueService.NonExistentQueue';
