import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { localCredentials } from '../../local/aws/isolatedAws.ts';
import type { Platform } from '../../local/platform/platform.ts';
import type { PlatformSnapshot } from '../../local/platform/view.ts';
import { Accounts, type SoakCounts } from './accounts.ts';
import { networkFaults, redeliverSome } from './faults.ts';
import { indexOfMessage } from './jobId.ts';
import { Ledger } from './ledger.ts';
import { publishJobs } from './publishing.ts';
import { startSoakPlatform } from './soakPlatform.ts';
import { collectDeadLetters, witness } from './witness.ts';

interface SoakOptions {
  readonly jobs: number;
  /** Chooses behaviours, faults and redeliveries. */
  readonly seed: number;
  /** The soak gives up after this time, and tells what is stuck. Default: 2 minutes and 24 ms a job, 10 min for 20,000 jobs. */
  readonly stopAfterMs?: number;
  readonly onProgress?: (progress: { published: number; settled: number; jobs: number }) => void;
}

export interface SoakResult extends SoakCounts {
  readonly seed: number;
  /** From the first publish to the last fate, the platform's start not counted. */
  readonly seconds: number;
  readonly peakRssMegabytes: number;
  readonly rssMegabytesAtThirds: readonly number[];
  /** Idempotent jobs with a second effect, after the runtime had logged that it could not remember the first. */
  readonly rerun: number;
  /** Describes everything that was not as promised. A soak succeeds when this is empty. */
  readonly failures: readonly string[];
}

/**
 * Publishes jobs that end in every way there is, over a network that fails, to the real platform with real processes, and
 * accounts for each job: its effects are on disk the moment they happen, and its dead letter tells its reason.
 *
 * An idempotent job runs again when its process ends after its effect, but before the effect is remembered, or when DynamoDB
 * cannot be reached to remember it. The idempotent jobs here are published twice, delivered twice, throw, and lose their
 * process before the effect. They must have their effect exactly once.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { jobs, seed } = options;
  const accounts = new Accounts(jobs, seed);
  const memory = new MemoryWatch(jobs);
  let running: Platform | undefined;
  await using started = await startSoakPlatform((event) => witness(event, accounts, running));
  const { platform, directory } = started;
  running = platform;
  const ledger = await Ledger.open(join(directory, 'effects'));
  const startedAt = performance.now();
  await run({ platform, accounts, ledger, memory }, options);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const left = await messagesLeft(platform);
  await ledger.close();
  return {
    ...accounts.counts(left.indexes),
    seed,
    seconds,
    peakRssMegabytes: memory.peakRssMegabytes,
    rssMegabytesAtThirds: memory.rssMegabytesAtThirds,
    rerun: accounts.rerun().length,
    failures: [...accounts.failures(), ...left.descriptions],
  };
}

interface Run {
  readonly platform: Platform;
  readonly accounts: Accounts;
  readonly ledger: Ledger;
  readonly memory: MemoryWatch;
}

/** Does all the work at once, over the bad network, until every job is settled or the time is up. */
async function run(run: Run, options: SoakOptions): Promise<void> {
  const { platform, accounts, ledger } = run;
  const { sns, sqs } = clientsOf(platform);
  const ended = new AbortController();
  platform.setFaults(networkFaults(options.seed));
  const working = Promise.all(work(run, await platform.snapshot(), { sns, sqs, signal: ended.signal }));
  try {
    // The work ends by itself only when it fails.
    await Promise.race([untilSettled(run, options), working.then(() => new Promise(() => undefined))]);
  } finally {
    ended.abort();
    platform.setFaults(undefined);
  }
  await working;
  await ledger.read((index) => accounts.noteEffect(index));
  sns.destroy();
  sqs.destroy();
}

function work(
  { platform, accounts, ledger }: Run,
  { topicArn = '', jobs }: PlatformSnapshot,
  { sns, sqs, signal }: { sns: SNSClient; sqs: SQSClient; signal: AbortSignal },
): Promise<void>[] {
  const queueUrl = (name: string): string => jobs.find((job) => job.name === name)?.queueUrl ?? '';
  const publishing = { accounts, sns, sqs, topicArn, queueUrl, ledger: ledger.path, signal };
  return [
    publishJobs(publishing),
    ...jobs.map((job) => collectDeadLetters(job.deadLetterQueueUrl ?? '', sqs, accounts, signal)),
    ...jobs
      .filter(({ name }) => name === 'SteadyJob' || name === 'OnceJob')
      .map(({ queueName }) => redeliverSome(queueName, { platform, sqs, seed: accounts.seed, signal })),
  ];
}

/** Waits until every job has its fate and the queues are empty, the queues stay empty without that, or the time is up. */
async function untilSettled(
  { platform, accounts, ledger, memory }: Run,
  options: SoakOptions,
): Promise<void> {
  const { jobs, stopAfterMs = 120_000 + 24 * jobs, onProgress } = options;
  const endsAt = performance.now() + stopAfterMs;
  let emptySince = Number.POSITIVE_INFINITY;
  while (performance.now() < endsAt) {
    await sleep(200);
    await ledger.read((index) => accounts.noteEffect(index));
    memory.look(accounts.settled);
    onProgress?.({ published: accounts.published, settled: accounts.settled, jobs });
    const isQuiet = accounts.published === jobs && isEmpty(await platform.snapshot());
    emptySince = isQuiet ? Math.min(emptySince, performance.now()) : Number.POSITIVE_INFINITY;
    const patienceMs = accounts.settled === jobs ? 300 : 5_000;
    if (performance.now() - emptySince > patienceMs) return;
  }
}

function clientsOf({ endpoint, region }: Platform): { sns: SNSClient; sqs: SQSClient } {
  const connection = { endpoint, region, credentials: localCredentials };
  return { sns: new SNSClient(connection), sqs: new SQSClient(connection) };
}

function isEmpty({ jobs }: PlatformSnapshot): boolean {
  return jobs.every(({ visible, inFlight, delayed, dead }) => visible + inFlight + delayed + dead === 0);
}

/** The messages that are still in any queue. */
async function messagesLeft(platform: Platform) {
  const { jobs, otherQueues } = await platform.snapshot();
  const indexes = new Set<number>();
  const descriptions: string[] = [];
  for (const { queueName } of [...jobs, ...otherQueues]) {
    const { visible = [], notVisible = [], delayed = [] } = (await platform.inspectQueue(queueName)) ?? {};
    const messages = [...visible, ...notVisible, ...delayed];
    if (messages.length > 0) descriptions.push(`${messages.length} messages are left in ${queueName}`);
    for (const { body, messageAttributes } of messages) {
      const index = indexOfMessage(body, messageAttributes);
      if (index !== undefined) indexes.add(index);
    }
  }
  return { indexes, descriptions };
}

/** How much memory this process uses, which is the platform's, while the jobs of a soak get their fates. */
class MemoryWatch {
  readonly #jobs: number;
  readonly #rssMegabytes: number[] = [];

  constructor(jobs: number) {
    this.#jobs = jobs;
  }

  /** Notes the resident set at the end of each third of the jobs. */
  look(settled: number): void {
    const thirds = this.#rssMegabytes.length;
    if (thirds < 3 && settled >= Math.ceil((this.#jobs * (thirds + 1)) / 3)) {
      this.#rssMegabytes.push(Math.round(process.memoryUsage.rss() / 1_048_576));
    }
  }

  get rssMegabytesAtThirds(): readonly number[] {
    return this.#rssMegabytes;
  }

  get peakRssMegabytes(): number {
    return Math.round(process.resourceUsage().maxRSS / 1024);
  }
}
