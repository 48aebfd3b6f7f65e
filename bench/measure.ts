import { spawn } from 'node:child_process';

/** One number of the benchmark: a ratio against a named peer, measured in the same run. */
export interface Measure {
  readonly name: string;
  /** What ours is compared with. */
  readonly peer: string;
  /** The bound of the ratio: `≤ 0.25` or `≥ 5`. */
  readonly target: `${'≤' | '≥'} ${number}`;
  /** What is measured of both, ours divided by the peer's. */
  readonly of: string;
  ratio(): Promise<number>;
}

/** Times two rivals in turn, so that a slow moment of the machine hits both, and gives the median of the rounds' ratios. */
export async function interleavedRatio(
  ours: () => unknown,
  peers: () => unknown,
  { rounds, warmUp = 1 }: { rounds: number; warmUp?: number },
): Promise<number> {
  const ratios: number[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    const first = round % 2 === 0;
    const [a, b] = first
      ? [await elapsedMs(ours), await elapsedMs(peers)]
      : [await elapsedMs(peers), await elapsedMs(ours)].toReversed();
    if (round >= 0) ratios.push((a as number) / (b as number));
  }
  return median(ratios);
}

/**
 * Runs a script as a process of its own, and gives what it sends to its parent. Its standard output is discarded: otherwise
 * the speed of a terminal would be measured.
 */
export function measuredInChild<Result>(script: string, mode: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', script, mode], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.once('message', (result) => resolve(result as Result));
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it reported`)));
  });
}

export async function elapsedMs(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function holds(ratio: number, target: Measure['target']): boolean {
  const [comparison, bound] = target.split(' ') as [string, string];
  return comparison === '≤' ? ratio <= Number(bound) : ratio >= Number(bound);
}

export function percentile99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] as number;
}
