import type { AddressInfo } from 'node:net';
import { buildApp } from 'fauxqs';
import { installBoundary } from './boundary.ts';
import { type Buckets, createBuckets } from './buckets.ts';
import { dynamo } from './dynamo.ts';
import { EngineError, PortTakenError } from './errors.ts';
import type { Faults } from './faults.ts';
import { type FauxqsStores, loadFauxqsInternals } from './fauxqs.ts';
import { holdMessages, releaseMessages } from './hold.ts';
import { createMessageMoves } from './messageMove.ts';
import type { App } from './protocol.ts';
import type { AcceptedPublish } from './publishes.ts';
import { type QueueCounts, type QueueState, queueCounts, queueState } from './queueState.ts';
import { enforceRetention } from './retention.ts';
import type { SchedulerApi } from './scheduler.ts';
import { fromQueryError, fromQueryResponse, toQueryParameters } from './snsQuery.ts';
import { createStores } from './stores.ts';

export { EngineError, PortTakenError } from './errors.ts';
export type { Fault, FaultRequest, Faults } from './faults.ts';
export { type AcceptedPublish, messageFor } from './publishes.ts';
export type { QueueCounts, QueuedMessage, QueueState } from './queueState.ts';

/** fauxqs' account. */
const ACCOUNT_ID = '000000000000';

interface EngineOptions {
  /** 0 takes any free port. */
  port: number;
  region: string;
  /** ≥ 1. Visibility timeouts, delays and retention are divided by it, down to one second. */
  speed: number;
}

/** SNS, SQS, S3 and DynamoDB in this process, also at `endpoint` for any AWS SDK or CLI with any credentials. */
export interface Engine {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly speed: number;
  readonly buckets: Buckets;
  /**
   * One SQS action, in AWS's JSON shapes, without a socket. Durations are given as everywhere, unscaled.
   * @throws {EngineError} with AWS's code when the action is refused
   */
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the action
  sqs<T = any>(action: string, input: object): Promise<T>;
  /**
   * One SNS action, input as the AWS SDK takes it or as the Query protocol's flat map, without a socket.
   * @throws {EngineError} with AWS's code when the action is refused
   */
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the action
  sns<T = any>(action: string, input: object): Promise<T>;
  /**
   * One DynamoDB action, in AWS's JSON shapes, without a socket.
   * @throws {EngineError} with AWS's code when the action is refused
   */
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the action
  dynamo<T = any>(action: string, input: object): Promise<T>;
  queueUrl(queueName: string): string;
  queueArn(queueName: string): string;
  topicArn(topicName: string): string;
  /** Every message of a queue, received by nobody; undefined when there is no such queue. */
  inspectQueue(queueName: string): Promise<QueueState | undefined>;
  /** The counts alone, cheap also with 10,000s of messages. */
  queueCounts(queueName: string): Promise<QueueCounts | undefined>;
  /** Keeps received messages invisible for at least `holdMs` of real time, whatever the speed. */
  hold(queueName: string, receiptHandles: string[], holdMs: number): void;
  /** Ends a hold: back to what is left of the queue's own timeout, at least a second. */
  release(queueName: string, receiptHandles: string[]): void;
  /** Lets the long polls of a queue answer now, with what there is. Aborting one would lose what it receives. */
  endLongPolls(queueName: string): void;
  /** Says that workers consume a queue, or no longer do: their messages' visibility timeout is not sped up. */
  consumedByWorkers(queueName: string, isConsumed: boolean): void;
  /** Hears every message that a topic accepted, whoever published it. Returns an unsubscribe. */
  onPublish(listener: (publish: AcceptedPublish) => void): () => void;
  /** Fault injection: asked before each request from the network (not the in-process ones) is handled. */
  setFaults(faults: Faults | undefined): void;
  /** Who answers the requests of EventBridge Scheduler that come to the endpoint. */
  answerScheduler(api: SchedulerApi): void;
  stop(): Promise<void>;
}

/** @throws {PortTakenError} */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const internals = await loadFauxqsInternals();
  let endpoint = '';
  const queueUrl = (name: string) => `${endpoint}/${ACCOUNT_ID}/${name}`;
  const stores = createStores(internals, options.region, queueUrl);
  const app = buildApp({ logger: false, defaultRegion: options.region, stores });
  const buckets = createBuckets(stores, options.speed);
  const moves = createMessageMoves(stores.sqsStore, internals);
  const listeners = new Set<(publish: AcceptedPublish) => void>();
  const workerQueues = new Set<string>();
  let faults: Faults | undefined;
  let scheduler: SchedulerApi | undefined;
  installBoundary(app, {
    stores,
    internals,
    speed: options.speed,
    buckets,
    moves,
    workerQueues,
    faults: () => faults,
    scheduler: () => scheduler,
    published: (publish) => {
      for (const listener of listeners) tell(listener, publish);
    },
  });
  endpoint = await listen(app, options.port);
  const stopRetention = enforceRetention(stores.sqsStore, options.speed);
  const { region, speed } = options;

  return {
    endpoint,
    region,
    accountId: ACCOUNT_ID,
    speed,
    buckets,
    sqs: (action, input) => sqs(app, action, input),
    sns: (action, input) => sns(app, action, input),
    dynamo: (action, input) => dynamo(app, action, input) as Promise<never>,
    queueUrl,
    queueArn: (name) => `arn:aws:sqs:${region}:${ACCOUNT_ID}:${name}`,
    topicArn: (name) => `arn:aws:sns:${region}:${ACCOUNT_ID}:${name}`,
    inspectQueue: async (name) => ofQueue(stores, name, queueState),
    queueCounts: async (name) => ofQueue(stores, name, queueCounts),
    hold: (name, handles, holdMs) => ofQueue(stores, name, (queue) => holdMessages(queue, handles, holdMs)),
    release: (name, handles) => ofQueue(stores, name, (queue) => releaseMessages(queue, handles)),
    endLongPolls: (name) => ofQueue(stores, name, (queue) => queue.cancelWaiters()),
    consumedByWorkers: (name, isConsumed) =>
      void (isConsumed ? workerQueues.add(name) : workerQueues.delete(name)),
    onPublish: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setFaults: (chosen) => {
      faults = chosen;
    },
    answerScheduler: (api) => {
      scheduler = api;
    },
    stop: async () => {
      stopRetention();
      buckets.stop();
      moves.stop();
      await app.close();
    },
  };
}

async function listen(app: App, port: number): Promise<string> {
  app.server.on('connection', (socket) => socket.setNoDelay(true));
  try {
    await app.listen({ port, host: '127.0.0.1' });
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new PortTakenError(port, { cause: error });
    throw error;
  }
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

async function sqs(app: App, action: string, input: object) {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `AmazonSQS.${action}`,
  };
  const response = await app.inject({ method: 'POST', url: '/', headers, payload: JSON.stringify(input) });
  const output = JSON.parse(response.body);
  if (response.statusCode === 200) return output;
  const code = String(output.__type ?? 'InternalFailure').replace(/^.*#/, '');
  throw new EngineError(code, `SQS ${action}: ${output.message}`, response.statusCode);
}

async function sns(app: App, action: string, input: object) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const payload = new URLSearchParams(toQueryParameters(action, input)).toString();
  const response = await app.inject({ method: 'POST', url: '/', headers, payload });
  if (response.statusCode === 200) return fromQueryResponse(action, response.body);
  const { code, message } = fromQueryError(response.body);
  throw new EngineError(code, `SNS ${action}: ${message}`, response.statusCode);
}

/** The message is on its topic already: a listener that throws must not make the publish look failed. */
function tell(listener: (publish: AcceptedPublish) => void, publish: AcceptedPublish): void {
  try {
    listener(publish);
  } catch (error) {
    process.emitWarning(error as Error);
  }
}

function ofQueue<T>(
  { sqsStore }: FauxqsStores,
  name: string,
  read: (queue: NonNullable<ReturnType<typeof sqsStore.getQueueByName>>) => T,
): T | undefined {
  const queue = sqsStore.getQueueByName(name);
  return queue && read(queue);
}
