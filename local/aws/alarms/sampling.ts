import type { Statistic } from './alarmDefinition.ts';
import type { Datapoint } from './evaluate.ts';
import type { Reading } from './metrics.ts';

/** The readings of one alarm's metric, a minute (scaled) apart, and the datapoints they make. */
export interface Sampling {
  add(reading: Reading | undefined): void;
  /** The statistic of each of the last `count` periods, oldest first; the newest ends now. */
  datapoints(statistic: Statistic, count: number, now: Date): Datapoint[];
}

/** An alarm with periods of up to an hour looks back over at most a week (CloudWatch's bound). */
const MAX_SAMPLES = 7 * 24 * 60;

/** @param sampleMs real time between two readings */
export function createSampling(samplesPerPeriod: number, sampleMs: number): Sampling {
  const samples: (number | undefined)[] = [];
  let total: number | undefined;
  return { add, datapoints };

  function add(reading: Reading | undefined): void {
    samples.push(reading?.kind === 'counter' ? increase(reading.value) : reading?.value);
    if (samples.length > MAX_SAMPLES) samples.shift();
  }

  /** Of a counter nothing is reported for a minute in which nothing was counted, as SNS does. */
  function increase(newTotal: number): number | undefined {
    const difference = newTotal - (total ?? newTotal);
    total = newTotal;
    return difference === 0 ? undefined : difference;
  }

  function datapoints(statistic: Statistic, count: number, now: Date): Datapoint[] {
    return Array.from({ length: count }, (_, index) => {
      const end = samples.length - (count - 1 - index) * samplesPerPeriod;
      const period = samples.slice(Math.max(0, end - samplesPerPeriod), Math.max(0, end));
      const at = new Date(now.getTime() - (count - 1 - index) * samplesPerPeriod * sampleMs);
      return { value: aggregate(statistic, period), at };
    });
  }
}

function aggregate(statistic: Statistic, samples: readonly (number | undefined)[]): number | undefined {
  const values = samples.filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (statistic) {
    case 'Sum':
      return sum;
    case 'Average':
      return sum / values.length;
    case 'Minimum':
      return Math.min(...values);
    case 'Maximum':
      return Math.max(...values);
    case 'SampleCount':
      return values.length;
  }
}

/** The sum of each period; missing where one of them is, as in CloudWatch's metric math. */
export function sumOfDatapoints(addends: readonly (readonly Datapoint[])[]): Datapoint[] {
  const [first = [], ...others] = addends;
  return first.map(({ value, at }, index) => {
    const values = [value, ...others.map((points) => points[index]?.value)];
    const sum = values.reduce<number | undefined>(
      (total, one) => (total === undefined || one === undefined ? undefined : total + one),
      0,
    );
    return { value: sum, at };
  });
}
