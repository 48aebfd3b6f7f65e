import { durationBounds } from '../bounds.ts';
import { type FargateCompute, fargateDefaults, fargateSizes } from '../compute.ts';
import { durationSeconds } from '../duration.ts';
import { numberAdvice, secondsOf, shown } from './given.ts';
import type { JobProblem } from './problems.ts';
import { unknownOption } from './unknownOption.ts';

/** What is wrong with where a job is to run. */
export function computeProblems({ compute, ...options }: Readonly<Record<string, unknown>>): JobProblem[] {
  if (compute === undefined || compute === 'lambda') return [];
  const { type, ...given } = Object(
    compute === 'fargate' ? { type: compute } : compute,
  ) as Partial<FargateCompute>;
  if (type !== 'fargate') {
    const advice = "write compute: 'fargate', or { type: 'fargate', cpu: 512, memory: 1024 }";
    return [
      {
        option: 'compute',
        given: shown(compute),
        bound: "'lambda', 'fargate' or { type: 'fargate', … }",
        advice,
      },
    ];
  }
  return [...lambdaOptionProblems(options), ...settingProblems({ ...fargateDefaults, ...given })];
}

/** Options of the event source mapping and the function, which such a job does not have. */
function lambdaOptionProblems(options: Readonly<Record<string, unknown>>): JobProblem[] {
  return Object.entries(insteadOnFargate)
    .filter(([option]) => options[option] !== undefined)
    .map(([option, advice]) => ({
      option,
      given: shown(options[option]),
      bound: "an option of Lambda, which compute: 'fargate' does not use",
      advice,
    }));
}

const insteadOnFargate = {
  batchSize: 'remove it: a worker takes messages one by one; compute.concurrency says how many at once',
  batchWindow: 'remove it: a worker takes messages as they come',
  maxConcurrency: 'remove it, and set compute.max (tasks) and compute.concurrency (messages per task)',
  memory: 'remove it, and set compute.memory',
};

function settingProblems(given: Readonly<Record<string, unknown>>): JobProblem[] {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fargateDefaults, name));
  if (unknown !== undefined) {
    return [unknownOption(`compute.${unknown}`, given[unknown], Object.keys(fargateDefaults))];
  }
  return [...sizeProblems(given), ...countProblems(given), ...spotProblems(given), ...timeProblems(given)];
}

function sizeProblems({ cpu, memory }: Readonly<Record<string, unknown>>): JobProblem[] {
  const size = typeof cpu === 'number' ? fargateSizes[cpu] : undefined;
  if (size === undefined) {
    const bound = `${Object.keys(fargateSizes).join(', ')} (Fargate's CPU units)`;
    return [
      { option: 'compute.cpu', given: shown(cpu), bound, advice: numberAdvice(cpu, 'choose one of them') },
    ];
  }
  if (size.includes(memory as number)) return [];
  const bound = `${size.length > 3 ? `${size[0]}, ${size[1]}, … ${size.at(-1)}` : size.join(', ')} MB (Fargate with ${cpu} CPU units)`;
  return [
    {
      option: 'compute.memory',
      given: shown(memory),
      bound,
      advice: numberAdvice(memory, 'choose one of them, or more cpu'),
    },
  ];
}

function countProblems({ min, max, concurrency }: Readonly<Record<string, unknown>>): JobProblem[] {
  const problem = (option: string, given: unknown, bound: string): JobProblem => ({
    option: `compute.${option}`,
    given: shown(given),
    bound,
    advice: numberAdvice(given, 'choose a whole number in these bounds'),
  });
  return [
    ...(isWhole(min, 0, 1000) ? [] : [problem('min', min, '0 to 1000 tasks')]),
    ...(isWhole(max, Math.max(Number(min) || 0, 1), 1000)
      ? []
      : [problem('max', max, 'min (at least 1) to 1000 tasks')]),
    ...(isWhole(concurrency, 1, 1000)
      ? []
      : [problem('concurrency', concurrency, '1 to 1000 messages at once')]),
  ];
}

function spotProblems({ spot }: Readonly<Record<string, unknown>>): JobProblem[] {
  if (typeof spot === 'boolean') return [];
  return [
    { option: 'compute.spot', given: shown(spot), bound: 'true or false', advice: 'choose one of them' },
  ];
}

function timeProblems(given: Readonly<Record<string, unknown>>): JobProblem[] {
  return ['latency', 'messageDuration']
    .filter((name) => {
      const seconds = secondsOf(given[name]) ?? 0;
      return seconds <= 0 || seconds > durationSeconds(durationBounds.retryDelay.max);
    })
    .map((name) => ({
      option: `compute.${name}`,
      given: shown(given[name]),
      bound: `more than 0s, up to ${durationBounds.retryDelay.max}`,
      advice: "write a number and its unit, such as '30s' or '5m'",
    }));
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}
