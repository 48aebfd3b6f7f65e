import type { Metafile } from 'esbuild';
import { packageOf } from './modules.ts';

/** Above this a function's bundle is worth a warning, in bytes: a cold start loads all of it. */
export const bundleBudgetBytes = 256 * 1024;

/** The same for a worker's, which holds the AWS SDK and is loaded once in a task's life. */
export const workerBudgetBytes = 768 * 1024;

/** A warning that names what made a bundle big; undefined within the budget. */
export function budgetWarning(
  jobName: string,
  output: Metafile['outputs'][string],
  budgetBytes: number = bundleBudgetBytes,
): string | undefined {
  if (output.bytes <= budgetBytes) return undefined;
  const biggest = bytesByPackage(output).slice(0, 3);
  const named = biggest.map(([name, bytes]) => `${name} ${kilobytes(bytes)}`).join(', ');
  const advice = biggest.some(([name]) => name === 'zod')
    ? "Importing zod's classic API takes all of it along: write import * as z from 'zod/mini'."
    : 'Import less of them, or what is needed by import() inside run.';
  return `${jobName}'s bundle has ${kilobytes(output.bytes)}, above the budget of ${kilobytes(budgetBytes)}; biggest: ${named}. ${advice}`;
}

/** Packages, and the project's own code as `src`, the biggest first. */
function bytesByPackage(output: Metafile['outputs'][string]): [string, number][] {
  const sizes = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
    const name = packageOf(file) ?? 'src';
    sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  return [...sizes].sort(([, one], [, other]) => other - one);
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KB`;
}
