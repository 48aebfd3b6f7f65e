import type { BuildFailure, BuildOptions, BuildResult, Message, Metafile, Plugin } from 'esbuild';
import { SynthError } from '../platform/synthError.ts';
import { entryModule, entryNamespace } from './entry.ts';

/** A job to bundle. */
export interface BundleSource {
  readonly name: string;
  /** The job file, relative to the project's root, with `/`. */
  readonly file: string;
  readonly isIdempotent: boolean;
  readonly isTracked: boolean;
}

/** A bundle becomes a Lambda function's code, or what a worker's container runs. */
export type BundleTarget = 'lambda' | 'worker';

export interface Build {
  /** `index.mjs` and its source map, by the job's name. */
  readonly outputs: ReadonlyMap<string, BundleFiles>;
  /** What esbuild read, and why; its paths are relative to the project's root. */
  readonly metafile: Metafile;
  readonly warnings: readonly Message[];
}

export interface BundleFiles {
  readonly code: string;
  readonly map: string;
}

/** Bundles jobs. Tests that count the calls give their own. */
export type BuildJobs = (
  sources: readonly BundleSource[],
  root: string,
  target?: BundleTarget,
) => Promise<Build>;

/**
 * How every job is bundled. Code is not split: shared chunks would tie one job's hash to the hashes of others. Names of
 * functions and classes are minified too (`keepNames` would add 7 %): the source map has them, and errors carry their
 * `name` as a text (`newBundle.ts` warns of those that do not). The map ships without the sources' text, since a stack
 * trace needs file, line and name only.
 */
export const bundleOptions: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minify: true,
  treeShaking: true,
  legalComments: 'none',
  // The way Node strips types, without a tsconfig: so a job runs in its bundle as it does in a test.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  // A bundle's file does not have its job's name, so the code that reads the name off the file is left out.
  define: { 'process.env.JOB_BUNDLED': '"true"' },
  charset: 'utf8',
  sourcemap: 'external',
  sourcesContent: false,
  outExtension: { '.js': '.mjs' },
};

/** Left out of bundles: the Lambda runtime has the AWS SDK. A container has nothing but its bundle. */
export const externals: Readonly<Record<BundleTarget, string[]>> = { lambda: ['@aws-sdk/*'], worker: [] };

/**
 * The files beside a worker's bundle, which make a container image of it. No line of the Dockerfile runs a command, so that
 * any machine builds an image for arm64 without an emulator. Amazon's mirror of the official image has no pull limit.
 */
export const containerFiles: Readonly<Record<string, string>> = {
  Dockerfile: `FROM public.ecr.aws/docker/library/node:24-slim
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
WORKDIR /job
COPY --chown=node:node index.mjs index.mjs.map ./
USER node
CMD ["node", "index.mjs"]
`,
};

/** Bundles all jobs of one target. */
export const buildJobs: BuildJobs = (sources, root, target = 'lambda') => {
  const entries = sources.map((source) => [source.name, entryModule(source, target)] as const);
  return buildEntries(new Map(entries), root, externals[target]);
};

/**
 * Bundles generated entries by one esbuild call, in memory. esbuild is loaded at the first call.
 * @param entries the entries' modules by name; what they import is relative to the root
 * @throws {SynthError} with esbuild's messages when a module is missing or malformed
 */
export async function buildEntries(
  entries: ReadonlyMap<string, string>,
  root: string,
  external: string[],
): Promise<Build> {
  const esbuild = await import('esbuild');
  try {
    return buildOf(await esbuild.build(callOptions(entries, root, external)), [...entries.keys()]);
  } catch (error) {
    throw bundleError(error);
  }
}

/** In memory the outputs are in the root itself, so that the source maps name `src/jobs/…`, wherever the cache is. */
function callOptions(
  entries: ReadonlyMap<string, string>,
  root: string,
  external: string[],
): InMemoryOptions {
  return {
    ...bundleOptions,
    external,
    absWorkingDir: root,
    outdir: root,
    entryPoints: Object.fromEntries([...entries.keys()].map((name) => [name, `${entryNamespace}:${name}`])),
    plugins: [entryPlugin(entries, root)],
    metafile: true,
    write: false,
    logLevel: 'silent',
  };
}

type InMemoryOptions = BuildOptions & { metafile: true; write: false };

function entryPlugin(entries: ReadonlyMap<string, string>, root: string): Plugin {
  return {
    name: entryNamespace,
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${entryNamespace}:`) }, ({ path }) => ({
        path: path.slice(entryNamespace.length + 1),
        namespace: entryNamespace,
      }));
      build.onLoad({ filter: /./, namespace: entryNamespace }, ({ path }) => ({
        contents: entries.get(path) ?? '',
        resolveDir: root,
      }));
    },
  };
}

function buildOf(result: BuildResult<InMemoryOptions>, names: readonly string[]): Build {
  const texts = new Map(result.outputFiles.map(({ path, text }) => [path.replace(/^.*[/\\]/, ''), text]));
  const outputs = names.map((name) => {
    const files = { code: texts.get(`${name}.mjs`) ?? '', map: texts.get(`${name}.mjs.map`) ?? '' };
    return [name, files] as const;
  });
  return { outputs: new Map(outputs), metafile: result.metafile, warnings: result.warnings };
}

function bundleError(error: unknown): unknown {
  const messages = (error as Partial<BuildFailure>).errors;
  if (messages === undefined) return error;
  const lines = messages.map((message) => `  ${messageText(message)}`);
  return new SynthError(`The jobs cannot be bundled. Nothing was written.\n\n${lines.join('\n')}`, {
    cause: error,
  });
}

/** `src/jobs/X.ts:3: Could not resolve "left-pad"` */
export function messageText({ location, text }: Message): string {
  return location === null ? text : `${location.file}:${location.line}: ${text}`;
}
