import type { Duration } from './duration.ts';

/**
 * Where a job runs: as a Lambda function, or as a container on Fargate for work that takes longer than 15 minutes or
 * all day. `'fargate'` alone takes every default.
 */
export type Compute = 'lambda' | 'fargate' | FargateCompute;

/** A job's service on Fargate. */
export interface FargateCompute {
  readonly type: 'fargate';
  /** CPU units of a task: 256 is a quarter of a vCPU. Default 256. */
  readonly cpu?: number;
  /** A task's memory in MB; which are allowed depends on `cpu`. Default 512. */
  readonly memory?: number;
  /** Tasks that always run. At 0 no task runs, and none is paid for, while there is no message. Default 0. */
  readonly min?: number;
  /** Tasks that run at most. Default 10. */
  readonly max?: number;
  /** Messages that one task runs at once. Default 10. */
  readonly concurrency?: number;
  /** Fargate Spot: up to 70 % cheaper, and stopped with two minutes' notice when AWS needs the machine. Default false. */
  readonly spot?: boolean;
  /**
   * How long a message may wait for its turn, as a rule; more tasks start when the backlog would take longer. Default 1
   * min.
   */
  readonly latency?: Duration;
  /** How long a message takes, as a rule: with `latency` it says how many messages are one task's share. Default 10 s. */
  readonly messageDuration?: Duration;
}

/** What a Fargate job gets where it says nothing. */
export const fargateDefaults = {
  cpu: 256,
  memory: 512,
  min: 0,
  max: 10,
  concurrency: 10,
  spot: false,
  latency: '1m',
  messageDuration: '10s',
} as const satisfies Required<Omit<FargateCompute, 'type'>>;

/** The settings of a job that runs on Fargate, defaults filled in; undefined for one that runs in Lambda. */
export function fargateSettings(
  compute: Compute = 'lambda',
): Required<Omit<FargateCompute, 'type'>> | undefined {
  if (compute === 'lambda') return undefined;
  const { type: _, ...given } = compute === 'fargate' ? { type: compute } : compute;
  return { ...fargateDefaults, ...given };
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
