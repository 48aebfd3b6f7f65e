import type { GetMetricDataInput, GetMetricDataOutput } from '@aws-sdk/client-cloudwatch';
import { lastPart } from '../../src/names.ts';
import type { Target } from '../target.ts';
import { type Depth, keptSeconds } from './depths.ts';

/** The oldest message of a queue, in real time; undefined where nobody knows (yet). */
export interface Oldest {
  /** Since it came into this queue. */
  readonly ageSeconds: number | undefined;
  /**
   * Until SQS deletes the first one. On AWS at most this long: only the age since the move is measured, while a
   * message that SQS's redrive policy moved expires counted from its first send.
   */
  readonly expiresInSeconds: number | undefined;
}

/** By queue URL, without receiving anything: from CloudWatch, or by looking into the local platform's queues. */
export async function oldestOf(
  target: Target,
  depths: readonly Depth[],
  getMetricData: GetMetricData = cloudWatch(target),
): Promise<ReadonlyMap<string, Oldest>> {
  const filled = depths.filter(({ waiting, inFlight }) => waiting + inFlight > 0);
  if (filled.length === 0) return new Map();
  return target.speed === undefined
    ? await fromCloudWatch(filled, getMetricData)
    : await fromLocalPlatform(target, filled);
}

export type GetMetricData = (input: GetMetricDataInput) => Promise<GetMetricDataOutput>;

/** The client is loaded only where there is something to ask. */
function cloudWatch({ clientConfig }: Target): GetMetricData {
  return async (input) => {
    const { CloudWatch } = await import('@aws-sdk/client-cloudwatch');
    return await new CloudWatch(clientConfig).getMetricData(input);
  };
}

async function fromCloudWatch(
  depths: readonly Depth[],
  getMetricData: GetMetricData,
): Promise<Map<string, Oldest>> {
  const now = Date.now();
  const oldest = new Map<string, Oldest>();
  // 500 is GetMetricData's bound.
  for (let first = 0; first < depths.length; first += 500) {
    const some = depths.slice(first, first + 500);
    const { MetricDataResults = [] } = await getMetricData({
      StartTime: new Date(now - lookBackMs),
      EndTime: new Date(now),
      ScanBy: 'TimestampDescending',
      MetricDataQueries: some.map(({ queue }, index) => ({
        Id: `age${index}`,
        MetricStat: {
          Metric: {
            Namespace: 'AWS/SQS',
            MetricName: 'ApproximateAgeOfOldestMessage',
            Dimensions: [{ Name: 'QueueName', Value: lastPart(queue.queueUrl) }],
          },
          Period: 60,
          Stat: 'Maximum',
        },
      })),
    });
    for (const [index, depth] of some.entries()) {
      const result = MetricDataResults.find(({ Id }) => Id === `age${index}`);
      const ageSeconds = result?.Values?.[0];
      const expiresInSeconds = ageSeconds === undefined ? undefined : depth.retentionSeconds - ageSeconds;
      oldest.set(depth.queue.queueUrl, { ageSeconds, expiresInSeconds });
    }
  }
  return oldest;
}

/** CloudWatch may be 15 minutes late with a queue that was idle. */
const lookBackMs = 20 * 60_000;

async function fromLocalPlatform(target: Target, depths: readonly Depth[]): Promise<Map<string, Oldest>> {
  const entries = await Promise.all(
    depths.map(async (depth) => [depth.queue.queueUrl, await oldestInEngine(target, depth)] as const),
  );
  return new Map(entries);
}

async function oldestInEngine(target: Target, depth: Depth): Promise<Oldest> {
  const url = `${target.clientConfig.endpoint}/_fauxqs/queues/${lastPart(depth.queue.queueUrl)}`;
  const { messages } = (await (await fetch(url)).json()) as { messages: InspectedMessages };
  const all = [...messages.ready, ...messages.delayed, ...messages.inflight.map(({ message }) => message)];
  if (all.length === 0) return { ageSeconds: undefined, expiresInSeconds: undefined };
  const least = (times: number[]): number => times.reduce((one, other) => Math.min(one, other));
  const now = Date.now();
  const enteredAtMs = least(all.map(({ sentTimestamp, enteredAtMs = sentTimestamp }) => enteredAtMs));
  const sentAtMs = least(all.map(({ sentTimestamp }) => sentTimestamp));
  return {
    ageSeconds: (now - enteredAtMs) / 1_000,
    expiresInSeconds: keptSeconds(depth, target) - (now - sentAtMs) / 1_000,
  };
}

/** What the engine shows of a queue, the parts that are needed here. */
interface InspectedMessages {
  readonly ready: InspectedMessage[];
  readonly delayed: InspectedMessage[];
  readonly inflight: { readonly message: InspectedMessage }[];
}

interface InspectedMessage {
  readonly sentTimestamp: number;
  readonly enteredAtMs?: number;
}
