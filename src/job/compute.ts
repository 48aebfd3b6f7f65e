import { fargateOptions, type OptionsOf } from './options.ts';

/**
 * Where a job runs: as a Lambda function, or as a container on Fargate for work that takes longer than 15 minutes or
 * all day. `'fargate'` alone takes every default.
 */
export type Compute = 'lambda' | 'fargate' | FargateCompute;

/** A job's service on Fargate. */
export interface FargateCompute extends OptionsOf<typeof fargateOptions> {
  readonly type: 'fargate';
}

/** What a Fargate job's service is like, nothing left out. */
export type FargateSettings = Required<Omit<FargateCompute, 'type'>>;

export function isOnFargate(compute: Compute = 'lambda'): boolean {
  return compute !== 'lambda';
}

/** The settings of a job that runs on Fargate, defaults filled in; undefined for one that runs in Lambda. */
export function fargateSettings(compute: Compute = 'lambda'): FargateSettings | undefined {
  if (compute === 'lambda') return undefined;
  const { type: _, ...given } = compute === 'fargate' ? { type: compute } : compute;
  return { ...fargateDefaults(), ...given };
}

/** What a Fargate job gets where it says nothing. */
export function fargateDefaults(): FargateSettings {
  const defaults = Object.entries(fargateOptions).map(([option, row]) => [option, row.default]);
  return Object.fromEntries(defaults) as FargateSettings;
}

/** Fargate's task sizes: CPU units → the memory that goes with them, in MB. */
export const fargateSizes: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: steps(1024, 4096, 1024),
  1024: steps(2048, 8192, 1024),
  2048: steps(4096, 16_384, 1024),
  4096: steps(8192, 30_720, 1024),
  8192: steps(16_384, 61_440, 4096),
  16384: steps(32_768, 122_880, 8192),
};

function steps(min: number, max: number, step: number): number[] {
  return Array.from({ length: (max - min) / step + 1 }, (_, index) => min + index * step);
}
