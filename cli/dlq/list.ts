import { CloudWatch, type GetMetricDataInput, type GetMetricDataOutput } from '@aws-sdk/client-cloudwatch';
import { SQS } from '@aws-sdk/client-sqs';
import { lastPart } from '../../src/names.ts';
import type { End } from '../outcome.ts';
import { type Target, type TargetOptions, withTarget } from '../target.ts';
import { counted, lengthOfTime, table } from '../text.ts';
import { type Depth, depthOf, keptSeconds, listDeadLetterQueues } from './queues.ts';
import { explain } from './session.ts';

interface ListOptions extends TargetOptions {
  readonly json?: boolean;
}

export async function list(options: ListOptions): Promise<void> {
  await withTarget(options, {
    run: (target) => listQueues(target, options),
    explain: (error, target) => explain(error, { command: 'list', target }),
  });
}

async function listQueues(target: Target, { json }: ListOptions): Promise<End> {
  const sqs = new SQS(target.clientConfig);
  const queues = await listDeadLetterQueues(target, sqs);
  const depths = await Promise.all(queues.map((queue) => depthOf(sqs, queue)));
  const rows = await rowsOf(target, depths);
  if (json) console.log(JSON.stringify(rows, undefined, 2));
  else print(target, rows);
  return 'done';
}

/** A queue as `--json` prints it. */
interface Row {
  /** The job's name, or `unrouted` or `undelivered`. */
  readonly name: string;
  readonly queueUrl: string;
  readonly waiting: number;
  readonly inFlight: number;
  /** null for an empty queue, and while CloudWatch has no data. */
  readonly oldestAgeSeconds: number | null;
  readonly expiresInSeconds: number | null;
}

async function rowsOf(target: Target, depths: readonly Depth[]): Promise<Row[]> {
  const oldest = await oldestOf(target, depths).catch((error: Error) => {
    console.error(`the ages are unknown: ${error.message}. They need cloudwatch:GetMetricData on *`);
    return undefined;
  });
  return depths.map(({ queue, waiting, inFlight }) => {
    const { ageSeconds, expiresInSeconds } = oldest?.get(queue.queueUrl) ?? {};
    return {
      name: queue.name,
      queueUrl: queue.queueUrl,
      waiting,
      inFlight,
      oldestAgeSeconds: whole(ageSeconds),
      expiresInSeconds: whole(expiresInSeconds),
    };
  });
}

function whole(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.floor(seconds);
}

function print(target: Target, rows: readonly Row[]): void {
  const isOnAws = target.speed === undefined;
  const time = (seconds: number | null, bound: string): string =>
    seconds === null ? '?' : `${bound}${lengthOfTime(seconds)}`;
  const cells = rows.map(({ name, waiting, inFlight, oldestAgeSeconds, expiresInSeconds }) => [
    name,
    String(waiting),
    String(inFlight),
    waiting + inFlight === 0 ? '-' : time(oldestAgeSeconds, ''),
    waiting + inFlight === 0 ? '-' : time(expiresInSeconds, isOnAws ? '≤ ' : ''),
  ]);
  console.log(table(['dead letters of', 'waiting', 'in flight', 'oldest', 'expires in'], cells));
  const total = rows.reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0);
  const speed =
    isOnAws || target.speed === 1 ? '' : `, which runs ${target.speed} times as fast; these times are real`;
  console.log(`\n${total === 0 ? 'no dead letters' : counted(total, 'message')} on ${target.name}${speed}`);
}

/** The oldest message of a queue, in seconds of real time; undefined while it is not known. */
interface Oldest {
  /** The time since it came into this queue. */
  readonly ageSeconds: number | undefined;
  /**
   * The time until SQS deletes the first message. On AWS it is an upper bound: CloudWatch measures the age since the move to
   * this queue, but a message that SQS's redrive policy moved expires counted from its first send.
   */
  readonly expiresInSeconds: number | undefined;
}

/** The oldest messages by queue URL, without receiving any: from CloudWatch, or from the local platform's engine. */
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

type GetMetricData = (input: GetMetricDataInput) => Promise<GetMetricDataOutput>;

function cloudWatch({ clientConfig }: Target): GetMetricData {
  return (input) => new CloudWatch(clientConfig).getMetricData(input);
}

async function fromCloudWatch(
  depths: readonly Depth[],
  getMetricData: GetMetricData,
): Promise<Map<string, Oldest>> {
  const now = Date.now();
  const oldest = new Map<string, Oldest>();
  // GetMetricData takes at most 500 queries.
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

/** CloudWatch may be 15 minutes late for a queue that was idle. */
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

/** The engine's view of a queue, as far as it is needed here. */
interface InspectedMessages {
  readonly ready: InspectedMessage[];
  readonly delayed: InspectedMessage[];
  readonly inflight: { readonly message: InspectedMessage }[];
}

interface InspectedMessage {
  readonly sentTimestamp: number;
  readonly enteredAtMs?: number;
}
