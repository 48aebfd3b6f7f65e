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

export interface MappingHooks {
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
  let config = initialConfig;
  const stopping = new AbortController();
  /** Resolves when something the poller waits for may have changed: a batch ended, an update, a stop. */
  let change = Promise.withResolvers<void>();
  const inFlight = new Set<Promise<void>>();

  warnAboutConcurrency();
  const polling = poll();

  async function poll(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      if (!config.enabled || inFlight.size >= concurrency()) {
        await change.promise;
        continue;
      }
      const { queueName } = config;
      try {
        const messages = await collect(queueName);
        failures = 0;
        for (const batch of toBatches(messages, engine.queueArn(queueName), engine.region)) {
          track(run(queueName, batch));
        }
      } catch (error) {
        failures++;
        if (failures === 1)
          hooks.onWarning(`Polling ${queueName} failed, retrying: ${(error as Error).message}`);
        await pause(Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** (failures - 1)));
      }
    }
  }

  /** One receive; with a batch window as many as fill the batch or the window. */
  async function collect(queueName: string): Promise<ReceivedMessage[]> {
    const { batchSize } = config;
    const windowMs = scaledSeconds(config.batchWindowSeconds, engine.speed) * 1_000;
    const messages = await receive(queueName, batchSize, windowMs);
    const endMs = performance.now() + windowMs;
    while (
      messages.length > 0 &&
      messages.length < batchSize &&
      performance.now() < endMs &&
      !stopping.signal.aborted
    ) {
      try {
        messages.push(...(await receive(queueName, batchSize - messages.length, windowMs)));
      } catch {
        break; // what was received is processed; the next receive tells the error
      }
    }
    return messages;
  }

  async function receive(queueName: string, wanted: number, windowMs: number): Promise<ReceivedMessage[]> {
    const { Messages = [] } = await engine.sqs<{ Messages?: ReceivedMessage[] }>('ReceiveMessage', {
      QueueUrl: engine.queueUrl(queueName),
      MaxNumberOfMessages: Math.min(10, wanted),
      WaitTimeSeconds: WAIT_TIME_SECONDS,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    });
    if (engine.speed > 1 && Messages.length > 0) {
      const holdMs = fn.timeoutSeconds * 1_000 + windowMs + HOLD_MARGIN_MS;
      engine.hold(queueName, handlesOf(Messages), holdMs);
    }
    return Messages;
  }

  async function run(queueName: string, { messages, payload }: Batch): Promise<void> {
    const result = await fn.invoke(payload).catch((error) => {
      if (engine.speed > 1) engine.release(queueName, handlesOf(messages));
      throw error; // the function is stopped: the messages come back to whoever polls next
    });
    const response = responseTo(result, messages);
    const failedIds = new Set('failed' in response ? response.failed : messages.map((m) => m.MessageId));
    const failed = messages.filter((message) => failedIds.has(message.MessageId));
    const succeeded = messages.filter((message) => !failedIds.has(message.MessageId));
    if (engine.speed > 1) engine.release(queueName, handlesOf(failed));
    await deleteMessages(engine, queueName, succeeded, hooks.onWarning);
    hooks.onBatch?.({
      queueName,
      messageIds: messages.map((message) => message.MessageId),
      result,
      failedMessageIds: failed.map((message) => message.MessageId),
      ...('invalid' in response && result.status === 'ok' && { invalidResponse: response.invalid }),
    });
  }

  function responseTo(result: InvokeResult, messages: ReceivedMessage[]): BatchResponse {
    if (result.status === 'error') return { invalid: result.errorMessage };
    if (!config.reportBatchItemFailures) return { failed: [] };
    return readBatchResponse(
      result.payload,
      messages.map((message) => message.MessageId),
    );
  }

  function track(batch: Promise<void>): void {
    const tracked = batch
      .catch((error: Error) => hooks.onWarning(`A batch of ${config.queueName} failed: ${error.message}`))
      .finally(() => {
        inFlight.delete(tracked);
        changed();
      });
    inFlight.add(tracked);
  }

  function changed(): void {
    change.resolve();
    change = Promise.withResolvers<void>();
  }

  function concurrency(): number {
    return Math.min(config.maxConcurrency ?? DEFAULT_CONCURRENCY, MAX_LOCAL_CONCURRENCY);
  }

  function warnAboutConcurrency(): void {
    if ((config.maxConcurrency ?? 0) > MAX_LOCAL_CONCURRENCY) {
      hooks.onWarning(
        `${config.queueName}: maximum concurrency is ${config.maxConcurrency}; on this machine at most ` +
          `${MAX_LOCAL_CONCURRENCY} batches run at once.`,
      );
    }
  }

  /** Ends early at a stop. */
  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});
  }

  return {
    update: (next) => {
      config = next;
      warnAboutConcurrency();
      changed();
    },
    stop: async () => {
      stopping.abort();
      changed();
      engine.endLongPolls(config.queueName);
      await polling;
      await Promise.all(inFlight);
    },
  };
}

function handlesOf(messages: ReceivedMessage[]): string[] {
  return messages.map((message) => message.ReceiptHandle);
}
