import { realpathSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fargateSettings } from '../../src/job/compute.ts';
import type { DiscoveredJob } from '../discovery/discovery.ts';
import { type BuildJobs, type BundleSource, type BundleTarget, buildJobs, containerFiles } from './build.ts';
import { BundleCache, type BundleContent, type BundleRecord, type NewBundle, sha256 } from './cache.ts';
import { entryModule } from './entry.ts';
import { bundleBudgetBytes, newBundle, workerBudgetBytes } from './newBundle.ts';

/** A job, and the bundle that Lambda or a container runs. */
export interface BundledJob extends DiscoveredJob {
  readonly bundle: JobBundle;
}

export interface JobBundle {
  /**
   * Holds `index.mjs` and its source map `index.mjs.map`. For Lambda, the module exports `handler`; for a worker, running
   * the module runs the worker, and a Dockerfile is beside it.
   */
  readonly directory: string;
  /** The hash of both files' content: the same in every checkout of the same sources. */
  readonly hash: string;
  /** The size of `index.mjs`. */
  readonly bytes: number;
}

interface BundleJobsOptions {
  /** Where package.json, src/ and node_modules are. @default the working directory */
  readonly root?: string;
  /** What every bundle becomes. @default a worker where the job runs on Fargate, else a function */
  readonly target?: BundleTarget;
  /** @default one esbuild call for the functions, and one for the workers */
  readonly build?: BuildJobs;
}

/**
 * Bundles jobs, each by itself and with the runtime (or the worker, where it runs on Fargate). A job whose inputs have
 * not changed since an earlier run keeps its bundle; if no job has changed, esbuild is not even loaded.
 * @throws {SynthError} when a module is missing, or a bundle would carry what must not ship
 */
export async function bundleJobs(
  jobs: readonly DiscoveredJob[],
  { root = process.cwd(), target, build = buildJobs }: BundleJobsOptions = {},
): Promise<{ jobs: BundledJob[]; warnings: string[] }> {
  const realRoot = realpathSync(root);
  const cache = new BundleCache(realRoot);
  const sources = jobs.map((job) => sourceOf(job, realRoot, target));
  const records = new Map(
    sources.map((source) => [keyOf(source), cache.find(keyOf(source), madeFromOf(source))]),
  );
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

function sourceOf(
  { name, file, job }: DiscoveredJob,
  root: string,
  target: BundleTarget = fargateSettings(job.compute) === undefined ? 'lambda' : 'worker',
): TargetedSource {
  return {
    name,
    file: relativePath(root, file),
    isIdempotent: job.idempotency !== undefined,
    isTracked: job.track === true,
    target,
  };
}

function keyOf({ target, name }: TargetedSource): string {
  return `${target}:${name}`;
}

/** The entry names the job's file and the parts of the runtime that the job asks for. */
function madeFromOf(source: TargetedSource): string {
  return sha256(entryModule(source, source.target));
}

/** A bundle in the cache. */
export function bundleOf({ hash, bytes }: BundleRecord, cache: BundleCache): JobBundle {
  return { directory: cache.directoryOf({ hash }), hash, bytes };
}

/** With `/` on every system, as in esbuild's metafile. */
function relativePath(root: string, file: string): string {
  return relative(root, realpathSync(file)).split(sep).join('/');
}

/** One call for each target, since targets differ in what is left out. */
async function newBundles(
  sources: readonly TargetedSource[],
  build: BuildJobs,
  root: string,
): Promise<NewBundle[]> {
  const byTarget = [...Map.groupBy(sources, ({ target }) => target)];
  const bundles = byTarget.map(async ([target, ofTarget]) => {
    const built = await build(ofTarget, root, target);
    return ofTarget.map((source) =>
      newBundle(
        { ...source, ...shipping[target], key: keyOf(source), madeFrom: madeFromOf(source) },
        built,
        root,
      ),
    );
  });
  return (await Promise.all(bundles)).flat();
}

/** What a bundle may load at its start, and the files beside it. */
const shipping: Readonly<Record<BundleTarget, { budgetBytes: number; besides: BundleContent }>> = {
  lambda: { budgetBytes: bundleBudgetBytes, besides: {} },
  worker: { budgetBytes: workerBudgetBytes, besides: containerFiles },
};
