import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { type Build, type BundleFiles, messageText } from './build.ts';
import type { BundleContent, NewBundle } from './cache.ts';
import { type Modules, modulesOf, packageOf } from './modules.ts';
import { assertWall } from './wall.ts';

/** A function's bundle that loads more than this at a cold start is worth a warning. In bytes. */
export const bundleBudgetBytes = 256 * 1024;

/** A worker's bundle may load more: it holds the AWS SDK, and is loaded once in a task's life. */
export const workerBudgetBytes = 768 * 1024;

/** The budget of the API's bundle. */
export const apiBudgetBytes = 400 * 1024;

interface BundlePart {
  /** The entry's name. */
  readonly name: string;
  /** What the cache finds it by. */
  readonly key: string;
  /** A hash of the entry, and of whatever else the bundle is made from beside files. */
  readonly madeFrom: string;
  /** A bundle that loads more at its start is worth a warning. */
  readonly budgetBytes: number;
  /** The files beside its code, by name. */
  readonly besides: BundleContent;
}

/**
 * Makes what ships of one of the bundles that esbuild made.
 * @throws {BundleWallError} when the bundle would carry what must not ship
 */
export function newBundle(part: BundlePart, build: Build, root: string): NewBundle {
  const { name, key, madeFrom, budgetBytes, besides } = part;
  const { outputs, metafile, warnings } = build;
  const modules = modulesOf(name, metafile);
  assertWall(name, modules, dependenciesOf(root));
  const files = outputs.get(name);
  const output = metafile.outputs[`${name}.mjs`];
  if (files === undefined || output === undefined) throw new Error(`esbuild made no bundle for ${name}`);
  const inBundle = new Set(modules.files);
  const ofBundle = warnings.filter(({ location }) => location !== null && inBundle.has(location.file));
  const { code, map } = shippable(files, modules);
  const budget = budgetWarning(name, output, modules.atStart, budgetBytes);
  return {
    key,
    madeFrom,
    content: { 'index.mjs': code, 'index.mjs.map': map, ...besides },
    bytes: Buffer.byteLength(code),
    inputs: modules.files,
    warnings: [
      ...ofBundle.map(messageText),
      ...minifiedNameWarnings(modules, root),
      ...(budget === undefined ? [] : [budget]),
    ],
  };
}

function dependenciesOf(root: string): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return new Set(Object.keys(manifest.dependencies ?? {}));
}

/** A CommonJS module that requires Node's own modules needs a `require`, which an ES module does not have. */
function shippable({ code, map }: BundleFiles, { needsRequire }: Modules): BundleFiles {
  const linked = `${code}//# sourceMappingURL=index.mjs.map\n`;
  if (!needsRequire) return { code: linked, map };
  return { code: `${requireBanner}\n${linked}`, map: oneLineDown(map) };
}

const requireBanner =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** Moves a source map's mappings down by one line, which ends with `;`. */
function oneLineDown(map: string): string {
  return map.replace('"mappings": "', '"mappings": ";');
}

/**
 * A warning that names the biggest parts of a bundle above its budget. A module that only an `import()` loads does not
 * count, since it does not run at the start.
 * @param atStart the files that run when the bundle is loaded
 * @returns undefined within the budget
 */
export function budgetWarning(
  jobName: string,
  { inputs }: Metafile['outputs'][string],
  atStart: ReadonlySet<string>,
  budgetBytes: number,
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

/** The bytes of each package, and of the project's own code as `src`, the biggest first. */
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

/**
 * A warning for each of the project's files that reads a class's name at run time, where the name is minified: an error
 * that takes its name from `this.constructor.name` would be called `a` in the log and in its dead letter's reason.
 */
function minifiedNameWarnings({ files }: Modules, root: string): string[] {
  return files
    .filter((file) => packageOf(file) === undefined)
    .filter((file) => /\b(?:constructor|new\.target)\.name\b/.test(readFileSync(join(root, file), 'utf8')))
    .map((file) => `${file} reads a class's name, which bundling minifies: write it out, as in ${example}.`);
}

const example = "override readonly name = 'InvoiceGone'";
