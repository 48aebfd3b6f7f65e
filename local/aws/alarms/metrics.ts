import type { Engine } from '../engine/engine.ts';
import type { Metric } from './alarmDefinition.ts';

/** Reads metrics as CloudWatch would have them. */
export interface Metrics {
  /** One look at the engine; every metric asked of it counts the same messages. */
  look(nowMs: number): Look;
  stop(): void;
}

export interface Look {
  /** A reading of now: the value of a gauge, the total so far of a counter; undefined where there is no data. */
  read(metric: Metric): Promise<Reading | undefined>;
}

/** A gauge is a datapoint as it is; of a counter the datapoint is the difference to the reading before. */
export interface Reading {
  readonly kind: 'gauge' | 'counter';
  readonly value: number;
}

/** What the metrics need to know of the resources that run. */
export interface Topology {
  /** Whether a queue is some queue's dead-letter queue: there, ages count from the move. */
  isDeadLetterQueue(queueName: string): boolean;
  /** The number of a topic's subscriptions that filter on message attributes. */
  attributeFilteredSubscriptions(topicArn: string): number;
  /** How many of a function's invocations failed so far; undefined when there is no such function. */
  functionErrors(functionName: string): number | undefined;
}

/** Why a metric cannot be evaluated locally, or undefined when it can. */
export function unsupportedMetric({ namespace, name, dimensions }: Metric): string | undefined {
  const known = supported[namespace];
  if (known === undefined || !known.names.includes(name)) {
    const all = Object.entries(supported).map(([space, { names }]) => `${space} ${names.join(', ')}`);
    return `${namespace} ${name} is not measured locally (${all.join('; ')} are)`;
  }
  return dimensions[known.dimension] === undefined
    ? `${namespace} ${name} needs the dimension ${known.dimension}`
    : undefined;
}

export function createMetrics(engine: Engine, topology: Topology): Metrics {
  const totals = new Map<string, { published: number; withoutAttributes: number }>();
  const unsubscribe = engine.onPublish(({ topicArn, attributeCount }) => {
    const total = totals.get(topicArn) ?? { published: 0, withoutAttributes: 0 };
    totals.set(topicArn, total);
    total.published += 1;
    if (attributeCount === 0) total.withoutAttributes += topology.attributeFilteredSubscriptions(topicArn);
  });
  return { look, stop: unsubscribe };

  function look(nowMs: number): Look {
    return { read };

    async function read(metric: Metric): Promise<Reading | undefined> {
      if (metric.namespace === 'AWS/SNS') return readTopic(metric);
      return metric.namespace === 'AWS/Lambda' ? readFunction(metric) : readQueue(metric, nowMs);
    }
  }

  function readFunction({ dimensions }: Metric): Reading {
    return { kind: 'counter', value: topology.functionErrors(dimensions.FunctionName ?? '') ?? 0 };
  }

  async function readTopic({ name, dimensions }: Metric): Promise<Reading | undefined> {
    const total = totals.get(engine.topicArn(dimensions.TopicName ?? ''));
    const values: Readonly<Record<string, number | undefined>> = {
      NumberOfMessagesPublished: total?.published,
      'NumberOfNotificationsFilteredOut-NoMessageAttributes': total?.withoutAttributes,
      // The engine reads no String.Array, so none is invalid: such a message is unrouted here.
      'NumberOfNotificationsFilteredOut-InvalidAttributes': 0,
    };
    return { kind: 'counter', value: values[name] ?? 0 };
  }

  async function readQueue({ name, dimensions }: Metric, nowMs: number): Promise<Reading | undefined> {
    const queueName = dimensions.QueueName ?? '';
    if (name === 'ApproximateAgeOfOldestMessage') return gauge(await ageSeconds(queueName, nowMs));
    const counts = await engine.queueCounts(queueName);
    if (name === 'ApproximateNumberOfMessagesVisible') return gauge(counts?.visible);
    return gauge(name === 'ApproximateNumberOfMessagesNotVisible' ? counts?.notVisible : counts?.delayed);
  }

  /** The age AWS would show: real time in the queue, times the speed. */
  async function ageSeconds(queueName: string, nowMs: number): Promise<number | undefined> {
    const counts = await engine.queueCounts(queueName);
    if (counts === undefined) return undefined;
    const oldestMs = topology.isDeadLetterQueue(queueName)
      ? counts.oldestEnteredAtMs
      : await oldestSentMs(queueName, counts.oldestSentAtMs);
    return oldestMs === undefined ? 0 : Math.max(0, Math.floor(((nowMs - oldestMs) / 1000) * engine.speed));
  }

  /** In a source queue messages received three times or more drop out of the metric (SQS's documentation). */
  async function oldestSentMs(
    queueName: string,
    oldestSentAtMs: number | undefined,
  ): Promise<number | undefined> {
    if (oldestSentAtMs === undefined) return undefined;
    const queue = await engine.inspectQueue(queueName);
    const messages = [...(queue?.visible ?? []), ...(queue?.notVisible ?? []), ...(queue?.delayed ?? [])];
    return messages
      .filter(({ receiveCount }) => receiveCount < 3)
      .reduce<number | undefined>(
        (oldest, { sentTimestamp }) => Math.min(oldest ?? sentTimestamp, sentTimestamp),
        undefined,
      );
  }
}

const supported: Readonly<Record<string, { names: readonly string[]; dimension: string }>> = {
  'AWS/SQS': {
    names: [
      'ApproximateAgeOfOldestMessage',
      'ApproximateNumberOfMessagesVisible',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateNumberOfMessagesDelayed',
    ],
    dimension: 'QueueName',
  },
  'AWS/SNS': {
    names: [
      'NumberOfMessagesPublished',
      'NumberOfNotificationsFilteredOut-NoMessageAttributes',
      'NumberOfNotificationsFilteredOut-InvalidAttributes',
    ],
    dimension: 'TopicName',
  },
  'AWS/Lambda': { names: ['Errors'], dimension: 'FunctionName' },
};

function gauge(value: number | undefined): Reading | undefined {
  return value === undefined ? undefined : { kind: 'gauge', value };
}
