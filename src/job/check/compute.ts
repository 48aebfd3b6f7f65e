import { type FargateCompute, fargateDefaults, fargateSizes } from '../compute.ts';
import { fargateOptions } from '../options.ts';
import { secondsOf, shown } from './given.ts';
import type { JobProblem } from './problems.ts';
import { isWithin, lambdaOptionProblems, numberAdvice, rowProblems, unknownOption } from './rows.ts';

/** What is wrong with the option `compute`. */
export function computeProblems({ compute, ...options }: Readonly<Record<string, unknown>>): JobProblem[] {
  if (compute === undefined || compute === 'lambda') return [];
  const { type, ...given } = Object(
    compute === 'fargate' ? { type: compute } : compute,
  ) as Partial<FargateCompute>;
  if (type !== 'fargate') {
    const bound = "'lambda', 'fargate' or { type: 'fargate', … }";
    const advice = "write compute: 'fargate', or { type: 'fargate', cpu: 512, memory: 1024 }";
    return [{ option: 'compute', given: shown(compute), bound, advice }];
  }
  return [...lambdaOptionProblems(options), ...settingProblems({ ...fargateDefaults(), ...given })];
}

function settingProblems(given: Readonly<Record<string, unknown>>): JobProblem[] {
  const known = Object.keys(fargateOptions);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) return [unknownOption(`compute.${unknown}`, given[unknown], known)];
  return [
    ...sizeProblems(given),
    ...rowProblems('compute.min', given.min, fargateOptions.min),
    ...maxProblems(given),
    ...rowProblems('compute.concurrency', given.concurrency, fargateOptions.concurrency),
    ...rowProblems('compute.spot', given.spot, fargateOptions.spot),
    ...timeProblems(given),
  ];
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
  const sizes = size.length > 3 ? `${size[0]}, ${size[1]}, … ${size.at(-1)}` : size.join(', ');
  const bound = `${sizes} MB (Fargate with ${cpu} CPU units)`;
  const advice = numberAdvice(memory, 'choose one of them, or more cpu');
  return [{ option: 'compute.memory', given: shown(memory), bound, advice }];
}

function maxProblems({ min, max }: Readonly<Record<string, unknown>>): JobProblem[] {
  const { max: most, unit } = fargateOptions.max;
  const fewest = Math.max(Number(min) || 0, 1);
  if (Number.isInteger(max) && (max as number) >= fewest && (max as number) <= most) return [];
  const advice = numberAdvice(max, 'choose a whole number in these bounds');
  const bound = `min (at least 1) to ${most} ${unit}`;
  return [{ option: 'compute.max', given: shown(max), bound, advice }];
}

function timeProblems(given: Readonly<Record<string, unknown>>): JobProblem[] {
  return (['latency', 'messageDuration'] as const).flatMap((name) => {
    const row = fargateOptions[name];
    if (isWithin(given[name], row) && secondsOf(given[name]) !== 0) return [];
    const bound = `more than ${row.min}, up to ${row.max}`;
    const advice = "write a number and its unit, such as '30s' or '5m'";
    return [{ option: `compute.${name}`, given: shown(given[name]), bound, advice }];
  });
}
