import { scalingRule } from '../lib/job/jobScaling.ts';
import { fargateSettings } from '../src/job/compute.ts';
import { durationSeconds } from '../src/job/duration.ts';
import { randomNumbers } from './random.ts';
import { backlogScaler, cdkScaler, type Run, simulate } from './scalingSimulation.ts';

/** List prices of Fargate on arm64 and of a public IPv4 address, us-east-1, USD an hour, November 2026. */
export const fargatePrices = { vcpuHour: 0.03238, gigabyteHour: 0.00356, addressHour: 0.005 } as const;

/** What a task of so many CPU units and megabytes costs in an hour, its public address included. */
export function taskUsdPerHour({ cpu, memory }: { cpu: number; memory: number }): number {
  const { vcpuHour, gigabyteHour, addressHour } = fargatePrices;
  return (cpu / 1024) * vcpuHour + (memory / 1024) * gigabyteHour + addressHour;
}

/** How many messages are published in each second of a day: a quiet night, office hours, two bursts, stragglers. */
export function burstyDay(seed = 1): Uint32Array {
  const random = randomNumbers(seed);
  const published = new Uint32Array(24 * 3600);
  for (let second = 0; second < published.length; second++) {
    published[second] = poisson(perSecond(second / 3600), random);
  }
  for (const { hour, messages } of bursts) published[hour * 3600] = (published[hour * 3600] ?? 0) + messages;
  return published;
}

const bursts = [
  { hour: 12, messages: 3000 },
  { hour: 17, messages: 20_000 },
  { hour: 21, messages: 20 },
];

/** The rate by the hour of the day, in messages a second. */
function perSecond(hour: number): number {
  if (hour < 7) return 1 / 1800;
  if (hour < 9) return (hour - 7) * 1.5;
  if (hour < 16) return 2;
  if (hour < 18) return 1;
  return 0;
}

/** @see https://en.wikipedia.org/wiki/Poisson_distribution (Knuth's method) */
function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/**
 * Runs a day of bursty load through the scaling rule, and twice through CDK's QueueProcessingFargateService with the same
 * tasks: with its own minimum and maximum, and with the job's, whose minimum is zero. Neither AWS nor a clock is asked, so the
 * numbers are the same each time.
 */
export function simulateScaling(published: Uint32Array = burstyDay()): Run[] {
  const settings = fargateSettings('fargate');
  if (settings === undefined) throw new Error('fargate has settings');
  const task = {
    concurrency: settings.concurrency,
    messageSeconds: durationSeconds(settings.messageDuration),
    startSeconds: 45,
    usdPerHour: taskUsdPerHour(settings),
  };
  return [
    backlogScaler(scalingRule(settings)),
    cdkScaler({ min: 1, max: 2 }),
    cdkScaler({ min: settings.min, max: settings.max }),
  ].map((scaler) => simulate(published, scaler, task));
}

/** The day, an hour a row: what was published, then each run's largest backlog and mean number of tasks. */
export function scalingTable(runs: readonly Run[]): string {
  const [first] = runs;
  if (first === undefined) return '';
  const rows = first.hours.map(({ published }, hour) => {
    const cells = runs.map(({ hours }) => {
      const { backlog = 0, tasks = 0 } = hours[hour] ?? {};
      return `${String(backlog).padStart(8)}${tasks.toFixed(1).padStart(6)} ${'█'.repeat(Math.ceil(tasks)).padEnd(10)}`;
    });
    return `${String(hour).padStart(4)}${String(published).padStart(11)}  ${cells.join('  ')}`;
  });
  const width = 25;
  const header = [
    `${''.padStart(15)}  ${runs.map(({ name }) => name.padEnd(width)).join('  ')}`,
    `hour  published  ${runs.map(() => ' backlog tasks'.padEnd(width)).join('  ')}`,
  ];
  return [...header, ...rows, '', ...runs.map(summary)].join('\n');
}

function summary({ name, usd, waitSeconds, interrupted, left }: Run): string {
  const { p50, p95, max } = waitSeconds;
  return (
    `${name}: ${usd.toFixed(2)} USD; waits of ${p50} s (median), ${p95} s (p95), ${max} s (longest); ` +
    `${interrupted} interrupted; ${left} never begun`
  );
}

if (import.meta.main) console.log(scalingTable(simulateScaling()));
