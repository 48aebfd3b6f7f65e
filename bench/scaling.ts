import { scalingRule } from '../lib/job/jobScaling.ts';
import { fargateSettings } from '../src/job/compute.ts';
import { durationSeconds } from '../src/job/duration.ts';
import { burstyDay } from './scaling/day.ts';
import { backlogScaler, cdkScaler } from './scaling/scalers.ts';
import { type Run, simulate } from './scaling/simulation.ts';

/** List prices of Fargate on arm64 and of a public IPv4 address, us-east-1, USD an hour, November 2026. */
export const fargatePrices = { vcpuHour: 0.03238, gigabyteHour: 0.00356, addressHour: 0.005 } as const;

/** What a task of so many CPU units and megabytes costs in an hour, its public address included. */
export function taskUsdPerHour({ cpu, memory }: { cpu: number; memory: number }): number {
  const { vcpuHour, gigabyteHour, addressHour } = fargatePrices;
  return (cpu / 1024) * vcpuHour + (memory / 1024) * gigabyteHour + addressHour;
}

/**
 * A day of bursty load through the scaling rule, and through CDK's QueueProcessingFargateService with the same tasks:
 * as it comes, and from zero. No AWS, no clock: the same numbers each time.
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
