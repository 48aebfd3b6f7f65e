import { fargateOptions, type OptionsOf } from './options.ts';

/**
 * Where a job runs: in a Lambda function, or in a container on Fargate for work that takes longer than 15 minutes or
 * arrives all day. `'fargate'` means `{ type: 'fargate' }` with every default.
 */
export type Compute = 'lambda' | 'fargate' | FargateCompute;

/** The options of a job that runs on Fargate, such as `{ type: 'fargate', cpu: 512, memory: 1024, max: 4 }`. */
export interface FargateCompute extends OptionsOf<typeof fargateOptions> {
  readonly type: 'fargate';
}

/** A Fargate job's options, with every default filled in. */
export type FargateSettings = Required<Omit<FargateCompute, 'type'>>;

export function isOnFargate(compute: Compute = 'lambda'): boolean {
  return compute !== 'lambda';
}

/** The settings of a job that runs on Fargate, with defaults filled in. Undefined for a job that runs in Lambda. */
export function fargateSettings(compute: Compute = 'lambda'): FargateSettings | undefined {
  if (compute === 'lambda') return undefined;
  const { type: _, ...given } = compute === 'fargate' ? { type: compute } : compute;
  return { ...fargateDefaults(), ...given };
}

/** The default of every Fargate option. */
export function fargateDefaults(): FargateSettings {
  const defaults = Object.entries(fargateOptions).map(([option, row]) => [option, row.default]);
  return Object.fromEntries(defaults) as FargateSettings;
}

/** Fargate's task sizes: CPU units → the memory sizes that they allow, in MB. */
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
