import type { Metafile } from 'esbuild';
import { packageOf } from './modules.ts';

/** Above this what a function's bundle loads at a cold start is worth a warning, in bytes. */
export const bundleBudgetBytes = 256 * 1024;

/** The same for a worker's, which holds the AWS SDK and is loaded once in a task's life. */
export const workerBudgetBytes = 768 * 1024;

/** The same for the API's. */
export const apiBudgetBytes = 400 * 1024;

/**
 * A warning that names what made a bundle big; undefined within the budget. What is imported by `import()` does not
 * count: it is not run before it is needed.
 * @param atStart the files that run when the bundle is loaded
 */
export function budgetWarning(
  jobName: string,
  { inputs }: Metafile['outputs'][string],
  atStart: ReadonlySet<string>,
  budgetBytes: number = bundleBudgetBytes,
): string | undefined {
  const files = Object.entries(inputs).filter(([file]) => atStart.has(file));
  const sizes = files.map(([file, { bytesInOutput }]) => [file, bytesInOutput] as const);
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  if (bytes <= budgetBytes) return undefined;
  const biggest = bytesByPackage(sizes).slice(0, 3);
  const named = biggest.map(([name, size]) => `${name} ${kilobytes(size)}`).join(', ');
  const advice = biggest.some(([name]) => name === 'zod')
    ? "Importing zod's classic API takes all of it along: write import * as z from 'zod/mini'."
    : 'Import less of them, or what is needed by import() inside run.';
  return `${jobName}'s bundle loads ${kilobytes(bytes)} at its start, above the budget of ${kilobytes(budgetBytes)}; biggest: ${named}. ${advice}`;
}

/** Packages, and the project's own code as `src`, the biggest first. */
function bytesByPackage(sizes: readonly (readonly [file: string, bytes: number])[]): [string, number][] {
  const packages = new Map<string, number>();
  for (const [file, bytes] of sizes) {
    const name = packageOf(file) ?? 'src';
    packages.set(name, (packages.get(name) ?? 0) + bytes);
  }
  return [...packages].sort(([, one], [, other]) => other - one);
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KB`;
}
