import { readFileSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fargateSettings } from '../src/job/compute.ts';
import { budgetWarning, bundleBudgetBytes, workerBudgetBytes } from './bundle/budget.ts';
import {
  type Build,
  type BuildJobs,
  type BundleFiles,
  type BundleSource,
  type BundleTarget,
  buildJobs,
  messageText,
} from './bundle/build.ts';
import { BundleCache, type BundleRecord, type NewBundle } from './bundle/cache.ts';
import { containerFiles } from './bundle/container.ts';
import { minifiedNameWarnings } from './bundle/minifiedNames.ts';
import { type Modules, modulesOf } from './bundle/modules.ts';
import { assertWall } from './bundle/wall.ts';
import type { DiscoveredJob } from './discovery.ts';

/** A job and what Lambda, or a container, gets of it. */
export interface BundledJob extends DiscoveredJob {
  readonly bundle: JobBundle;
}

export interface JobBundle {
  /**
   * Holds `index.mjs` and its source map `index.mjs.map`. In Lambda it exports `handler`; a worker's is run as it is,
   * and has a Dockerfile beside it.
   */
  readonly directory: string;
  /** Of both files' content; the same in every checkout of the same sources. */
  readonly hash: string;
  /** The size of `index.mjs`. */
  readonly bytes: number;
}

export interface BundleJobsOptions {
  /** Where package.json, src/ and node_modules are. @default the working directory */
  readonly root?: string;
  /** @default one esbuild call for the functions, and one for the workers */
  readonly build?: BuildJobs;
}

/**
 * Bundles jobs, each with the runtime (or the worker, where it runs on Fargate) and by itself. A job whose inputs have not changed since an earlier
 * run keeps its bundle; when that holds for all of them, esbuild is not even loaded.
 * @throws {SynthError} when a module is missing, or a bundle would carry what must not ship
 */
export async function bundleJobs(
  jobs: readonly DiscoveredJob[],
  { root = process.cwd(), build = buildJobs }: BundleJobsOptions = {},
): Promise<{ jobs: BundledJob[]; warnings: string[] }> {
  const realRoot = realpathSync(root);
  const cache = new BundleCache(realRoot);
  const sources = jobs.map((job) => sourceOf(job, realRoot));
  const records = new Map(sources.map((source) => [keyOf(source), cache.find(keyOf(source))]));
  const changed = sources.filter((source) => records.get(keyOf(source)) === undefined);
  if (changed.length > 0) {
    const bundles = await newBundles(changed, build, realRoot);
    for (const [key, record] of cache.store(bundles)) records.set(key, record);
  }
  const found = sources.map((source) => records.get(keyOf(source)) as BundleRecord);
  return {
    jobs: found.map((record, index) => ({
      ...(jobs[index] as DiscoveredJob),
      bundle: bundleOf(record, cache),
    })),
    warnings: found.flatMap(({ warnings }) => warnings),
  };
}

interface TargetedSource extends BundleSource {
  readonly target: BundleTarget;
}

function sourceOf({ name, file, job }: DiscoveredJob, root: string): TargetedSource {
  return {
    name,
    file: relativePath(root, file),
    isIdempotent: job.idempotency !== undefined,
    target: fargateSettings(job.compute) === undefined ? 'lambda' : 'worker',
  };
}

function keyOf({ target, file }: TargetedSource): string {
  return `${target}:${file}`;
}

function bundleOf({ hash, bytes }: BundleRecord, cache: BundleCache): JobBundle {
  return { directory: cache.directoryOf({ hash }), hash, bytes };
}

/** With `/` on every system, as esbuild writes its metafile's paths. */
function relativePath(root: string, file: string): string {
  return relative(root, realpathSync(file)).split(sep).join('/');
}

function dependenciesOf(root: string): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return new Set(Object.keys(manifest.dependencies ?? {}));
}

/** By a call for each target: they differ in what is left out. */
async function newBundles(
  sources: readonly TargetedSource[],
  build: BuildJobs,
  root: string,
): Promise<NewBundle[]> {
  const dependencies = dependenciesOf(root);
  const byTarget = [...Map.groupBy(sources, ({ target }) => target)];
  const bundles = byTarget.map(async ([target, ofTarget]) => {
    const built = await build(ofTarget, root, target);
    return ofTarget.map((source) => newBundle(source, built, dependencies, root));
  });
  return (await Promise.all(bundles)).flat();
}

function newBundle(
  source: TargetedSource,
  { outputs, metafile, warnings }: Build,
  dependencies: ReadonlySet<string>,
  root: string,
): NewBundle {
  const { name, target } = source;
  const modules = modulesOf(name, metafile);
  assertWall(name, modules, dependencies);
  const files = outputs.get(name);
  const output = metafile.outputs[`${name}.mjs`];
  if (files === undefined || output === undefined) throw new Error(`esbuild made no bundle for ${name}`);
  const inBundle = new Set(modules.files);
  const ofBundle = warnings.filter(({ location }) => location !== null && inBundle.has(location.file));
  const { code, map } = shippable(files, modules);
  const budget = budgetWarning(name, output, target === 'worker' ? workerBudgetBytes : bundleBudgetBytes);
  return {
    key: keyOf(source),
    content: { 'index.mjs': code, 'index.mjs.map': map, ...(target === 'worker' ? containerFiles : {}) },
    bytes: Buffer.byteLength(code),
    inputs: modules.files,
    warnings: [
      ...ofBundle.map(messageText),
      ...minifiedNameWarnings(modules, root),
      ...(budget === undefined ? [] : [budget]),
    ],
  };
}

/** A CommonJS module that requires Node's own modules needs a `require`, which an ES module does not have. */
function shippable({ code, map }: BundleFiles, { needsRequire }: Modules): BundleFiles {
  const linked = `${code}//# sourceMappingURL=index.mjs.map\n`;
  if (!needsRequire) return { code: linked, map };
  return { code: `${requireBanner}\n${linked}`, map: oneLineDown(map) };
}

const requireBanner =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** In a source map's mappings a `;` ends a line. */
function oneLineDown(map: string): string {
  return map.replace('"mappings": "', '"mappings": ";');
}
