import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import { scaledSeconds } from '../engine/timeScale.ts';
import { type BatchResponse, readBatchResponse } from './batchResponse.ts';
import { deleteMessages } from './deleteMessages.ts';
import type { InvokeResult, LocalFunction } from './function.ts';
import { type Batch, type ReceivedMessage, toBatches } from './sqsEvent.ts';

export interface MappingConfig {
  queueName: string;
  /** 1–10,000. Above 10 it takes several receives, and so a batch window. */
  batchSize: number;
  /** 0–300; how long to wait for a batch to fill. Divided by the engine's speed, like the queue's times. */
  batchWindowSeconds: number;
  /** 2–1,000 on AWS; here at most 20 batches run at once, whatever is given. Default 5, where AWS starts. */
  maxConcurrency?: number;
  reportBatchItemFailures: boolean;
  enabled: boolean;
}

/** What became of one batch. */
export interface BatchOutcome {
  queueName: string;
  messageIds: string[];
  result: InvokeResult;
  /** Not deleted: they come back when their visibility timeout ends. */
  failedMessageIds: string[];
  /** Why the whole batch counts as failed although the function returned. */
  invalidResponse?: string;
}

interface MappingHooks {
  onBatch?(outcome: BatchOutcome): void;
  onWarning(text: string): void;
}

export interface EventSourceMapping {
  /** Holds from the next receive on. */
  update(config: MappingConfig): void;
  /** No new receives; resolves when the batches in flight, and what a receive under way still brings, have ended. */
  stop(): Promise<void>;
}

const DEFAULT_CONCURRENCY = 5;
/** Each batch in flight is a process on this machine. */
const MAX_LOCAL_CONCURRENCY = 20;
/** A receive is never aborted (the engine would hand its messages to nobody), so this also bounds how long a stop takes. */
const WAIT_TIME_SECONDS = 1;
/** What init may take, and a little for the way to and from the function, on top of its timeout. */
const HOLD_MARGIN_MS = 15_000;
const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;

/** Polls a queue and invokes a function with what it finds, as the poller of an AWS::Lambda::EventSourceMapping. */
export function startEventSourceMapping(
  initialConfig: MappingConfig,
  engine: Engine,
  fn: LocalFunction,
  hooks: MappingHooks,
): EventSourceMapping {
  return new Poller(initialConfig, engine, fn, hooks);
}

class Poller implements EventSourceMapping {
  readonly #engine: Engine;
  readonly #fn: LocalFunction;
  readonly #hooks: MappingHooks;
  readonly #stopping = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #polling: Promise<void>;
  #config: MappingConfig;
  /** Resolves when something the poller waits for may have changed: a batch ended, an update, a stop. */
  #change = Promise.withResolvers<void>();

  constructor(config: MappingConfig, engine: Engine, fn: LocalFunction, hooks: MappingHooks) {
    this.#config = config;
    this.#engine = engine;
    this.#fn = fn;
    this.#hooks = hooks;
    this.#warnAboutConcurrency();
    this.#polling = this.#poll();
  }

  update(config: MappingConfig): void {
    this.#config = config;
    this.#warnAboutConcurrency();
    this.#changed();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#changed();
    this.#engine.endLongPolls(this.#config.queueName);
    await this.#polling;
    await Promise.all(this.#inFlight);
  }

  async #poll(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const { queueName, enabled, maxConcurrency = DEFAULT_CONCURRENCY } = this.#config;
      if (!enabled || this.#inFlight.size >= Math.min(maxConcurrency, MAX_LOCAL_CONCURRENCY)) {
        await this.#change.promise;
        continue;
      }
      try {
        const messages = await this.#collect(queueName);
        failures = 0;
        for (const batch of toBatches(messages, this.#engine.queueArn(queueName), this.#engine.region)) {
          this.#track(this.#run(queueName, batch));
        }
      } catch (error) {
        failures++;
        if (failures === 1)
          this.#hooks.onWarning(`Polling ${queueName} failed, retrying: ${(error as Error).message}`);
        await this.#pause(Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** (failures - 1)));
      }
    }
  }

  /** One receive; with a batch window as many as fill the batch or the window. */
  async #collect(queueName: string): Promise<ReceivedMessage[]> {
    const { batchSize, batchWindowSeconds } = this.#config;
    const windowMs = scaledSeconds(batchWindowSeconds, this.#engine.speed) * 1_000;
    const messages = await this.#receive(queueName, batchSize, windowMs);
    const endMs = performance.now() + windowMs;
    while (
      messages.length > 0 &&
      messages.length < batchSize &&
      performance.now() < endMs &&
      !this.#stopping.signal.aborted
    ) {
      try {
        messages.push(...(await this.#receive(queueName, batchSize - messages.length, windowMs)));
      } catch {
        break; // what was received is processed; the next receive tells the error
      }
    }
    return messages;
  }

  async #receive(queueName: string, wanted: number, windowMs: number): Promise<ReceivedMessage[]> {
    const { Messages = [] } = await this.#engine.sqs<{ Messages?: ReceivedMessage[] }>('ReceiveMessage', {
      QueueUrl: this.#engine.queueUrl(queueName),
      MaxNumberOfMessages: Math.min(10, wanted),
      WaitTimeSeconds: WAIT_TIME_SECONDS,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    });
    if (this.#engine.speed > 1 && Messages.length > 0) {
      const holdMs = this.#fn.timeoutSeconds * 1_000 + windowMs + HOLD_MARGIN_MS;
      this.#engine.hold(queueName, handlesOf(Messages), holdMs);
    }
    return Messages;
  }

  async #run(queueName: string, { messages, payload }: Batch): Promise<void> {
    const result = await this.#fn.invoke(payload).catch((error) => {
      this.#release(queueName, messages);
      throw error; // the function is stopped: the messages come back to whoever polls next
    });
    const response = this.#responseTo(result, messages);
    const failedIds = new Set('failed' in response ? response.failed : messages.map((m) => m.MessageId));
    const failed = messages.filter((message) => failedIds.has(message.MessageId));
    const succeeded = messages.filter((message) => !failedIds.has(message.MessageId));
    this.#release(queueName, failed);
    await deleteMessages(this.#engine, queueName, succeeded, this.#hooks.onWarning);
    this.#hooks.onBatch?.({
      queueName,
      messageIds: messages.map((message) => message.MessageId),
      result,
      failedMessageIds: failed.map((message) => message.MessageId),
      ...('invalid' in response && result.status === 'ok' && { invalidResponse: response.invalid }),
    });
  }

  /** Only what the speed made necessary to hold. */
  #release(queueName: string, messages: ReceivedMessage[]): void {
    if (this.#engine.speed > 1) this.#engine.release(queueName, handlesOf(messages));
  }

  #responseTo(result: InvokeResult, messages: ReceivedMessage[]): BatchResponse {
    if (result.status === 'error') return { invalid: result.errorMessage };
    if (!this.#config.reportBatchItemFailures) return { failed: [] };
    return readBatchResponse(
      result.payload,
      messages.map((message) => message.MessageId),
    );
  }

  #track(batch: Promise<void>): void {
    const tracked = batch
      .catch((error: Error) =>
        this.#hooks.onWarning(`A batch of ${this.#config.queueName} failed: ${error.message}`),
      )
      .finally(() => {
        this.#inFlight.delete(tracked);
        this.#changed();
      });
    this.#inFlight.add(tracked);
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }

  #warnAboutConcurrency(): void {
    const { queueName, maxConcurrency = 0 } = this.#config;
    if (maxConcurrency <= MAX_LOCAL_CONCURRENCY) return;
    this.#hooks.onWarning(
      `${queueName}: maximum concurrency is ${maxConcurrency}; on this machine at most ` +
        `${MAX_LOCAL_CONCURRENCY} batches run at once.`,
    );
  }

  /** Ends early at a stop. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}

function handlesOf(messages: ReceivedMessage[]): string[] {
  return messages.map((message) => message.ReceiptHandle);
}
