import { hash, randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bundleOptions, containerFiles, externals } from './build.ts';

/** What is known about one job's bundle. */
export interface BundleRecord {
  /** The bundle's content hash and the name of its directory. */
  readonly hash: string;
  /** The size of `index.mjs`. */
  readonly bytes: number;
  /** The files it was made from, relative to the project's root. */
  readonly inputs: readonly string[];
  readonly warnings: readonly string[];
  /** A hash of what it was made from beside those files, above all its entry. */
  readonly madeFrom: string;
  /** The names of its own files, in the order of its hash. */
  readonly names: readonly string[];
}

/** A bundle to be stored. */
export interface NewBundle extends Omit<BundleRecord, 'hash' | 'names'> {
  /** What `find` looks for: for a job, its target and name. */
  readonly key: string;
  /** Its files, `index.mjs` first, by their names, with `/`. */
  readonly content: BundleContent;
}

export type BundleContent = Readonly<Record<string, string | Uint8Array>>;

/**
 * The bundles of earlier synths. A bundle is a directory whose name is the hash of its content, so that any number of
 * synths may share the cache. `bundles.json` says which job has which bundle; each `store` replaces it as a whole.
 */
export class BundleCache {
  readonly #root: string;
  readonly #directory: string;
  readonly #key: string;
  readonly #index: Index;
  readonly #hashes = new Map<string, string | undefined>();
  /** Comparable with files' times: the file system's clock lags by up to a kernel tick. (performance.timeOrigin drifts.) */
  readonly #openedAt = Date.now() - clockLagMs;

  constructor(root: string) {
    this.#root = root;
    this.#directory = writableDirectory(root);
    this.#key = cacheKey(root);
    this.#index = readIndex(this.#directory, this.#key);
  }

  /** A bundle that is as it was stored, if everything that it was made from is unchanged. */
  find(key: string, madeFrom: string): BundleRecord | undefined {
    const record = this.#index.bundles[key];
    return record?.madeFrom === madeFrom && this.#isCurrent(record) ? record : undefined;
  }

  #isCurrent(record: BundleRecord): boolean {
    const isUnchanged = record.inputs.every((file) => this.#hashOf(file) === this.#index.files[file]);
    return isUnchanged && this.#isIntact(record);
  }

  /** Half of a bundle, which a clean-up tool or a full disk may have left, must not ship. */
  #isIntact({ hash, names }: BundleRecord): boolean {
    const files = names.map((name) => [name, fileHash(join(this.directoryOf({ hash }), name))] as const);
    return contentHash(files) === hash;
  }

  /** The directory that holds a bundle's files. */
  directoryOf({ hash }: Pick<BundleRecord, 'hash'>): string {
    return join(this.#directory, hash);
  }

  /** Stores new bundles and removes those that were not used for a day. Returns the records by key. */
  store(bundles: readonly NewBundle[]): Map<string, BundleRecord> {
    const stored = new Map(bundles.map((bundle) => [bundle.key, this.#write(bundle)]));
    const lasting = [...stored].filter(([, { inputs }]) => !inputs.some((file) => this.#editedSince(file)));
    const kept = Object.keys(this.#index.bundles).flatMap((key) => {
      const record = this.#index.bundles[key];
      return record === undefined || stored.has(key) || !this.#isCurrent(record)
        ? []
        : [[key, record] as const];
    });
    this.#writeIndex(Object.fromEntries([...kept, ...lasting]));
    this.#prune(new Set([...kept, ...stored].map(([, { hash }]) => hash)));
    return stored;
  }

  /** Writes a bundle beside its place and renames it: another synth sees all of it or nothing. */
  #write({ key: _, content, ...about }: NewBundle): BundleRecord {
    const files = Object.entries(content).map(([name, data]) => [name, sha256(data)] as const);
    const record = { ...about, hash: contentHash(files), names: Object.keys(content) };
    const directory = this.directoryOf(record);
    if (existsSync(directory)) {
      if (this.#isIntact(record)) return record;
      rmSync(directory, { recursive: true });
    }
    const unfinished = unfinishedPath(directory);
    for (const [name, data] of Object.entries(content)) {
      mkdirSync(dirname(join(unfinished, name)), { recursive: true });
      writeFileSync(join(unfinished, name), data);
    }
    renameUnlessThere(unfinished, directory);
    return record;
  }

  #writeIndex(bundles: Index['bundles']): void {
    const inputs = new Set(Object.values(bundles).flatMap((record) => record.inputs));
    const files = Object.fromEntries([...inputs].map((file) => [file, this.#hashOf(file)]));
    const path = join(this.#directory, indexFile);
    const unfinished = unfinishedPath(path);
    writeFileSync(unfinished, JSON.stringify({ key: this.#key, files, bundles }));
    renameSync(unfinished, path);
  }

  /** Each file is read once in a run, however many jobs import it. */
  #hashOf(file: string): string | undefined {
    if (!this.#hashes.has(file)) this.#hashes.set(file, fileHash(join(this.#root, file)));
    return this.#hashes.get(file);
  }

  /** A file that was saved while esbuild ran may be bundled in its old form and hashed in its new form. */
  #editedSince(file: string): boolean {
    const modified = statSync(join(this.#root, file), { throwIfNoEntry: false })?.mtimeMs;
    return modified === undefined || modified >= this.#openedAt;
  }

  /** Young bundles stay: another synth may be about to copy them. */
  #prune(used: ReadonlySet<string>): void {
    for (const name of readdirSync(this.#directory)) {
      if (name === indexFile || used.has(name)) continue;
      const path = join(this.#directory, name);
      const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
      if (Date.now() - modified > unusedBundleLifeMs) rmSync(path, { recursive: true, force: true });
    }
  }
}

interface Index {
  /** SHA-256 of each input, by its path relative to the root. */
  readonly files: Readonly<Record<string, string>>;
  /** By key. */
  readonly bundles: Readonly<Record<string, BundleRecord>>;
}

const clockLagMs = 20;
const indexFile = 'bundles.json';
const unusedBundleLifeMs = 24 * 60 * 60 * 1000;

/** Tools keep such files in `node_modules/.cache`. A workspace may have no node_modules, an image a read-only one. */
function writableDirectory(root: string): string {
  if (existsSync(join(root, 'node_modules'))) {
    try {
      return createdDirectory(join(root, 'node_modules/.cache/serverless-jobs'));
    } catch {
      // Fall back to the project's own folder.
    }
  }
  return createdDirectory(join(root, '.cache/serverless-jobs'));
}

function createdDirectory(directory: string): string {
  mkdirSync(directory, { recursive: true });
  accessSync(directory, constants.W_OK);
  return directory;
}

function readIndex(directory: string, key: string): Index {
  try {
    const index = JSON.parse(readFileSync(join(directory, indexFile), 'utf8')) as Index & { key: string };
    if (index.key === key) return index;
  } catch {
    // No index yet, or an unreadable one: everything is bundled anew.
  }
  return { files: {}, bundles: {} };
}

function fileHash(path: string): string | undefined {
  try {
    return sha256(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** Of the files' names and hashes. Sixteen hex digits tell versions apart and still fit a log line. */
function contentHash(files: readonly (readonly [name: string, hash: string | undefined])[]): string {
  return sha256(JSON.stringify(files)).slice(0, 16);
}

function unfinishedPath(path: string): string {
  return `${path}.${process.pid}.${randomUUID()}.tmp`;
}

/** A directory of that name has the same content: another synth has put it there in the meantime. */
function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
    rmSync(from, { recursive: true, force: true });
  }
}

/** Increased when the layout of a bundle or of the cache changes. */
const layoutVersion = 5;

/**
 * What every bundle depends on, beside the files and the entry that it is made from. The lock file and package.json decide
 * how packages resolve; a workspace's lock file is in a folder above the root.
 */
export function cacheKey(root: string): string {
  const parts = [
    layoutVersion,
    esbuildVersion(),
    bundleOptions,
    externals,
    containerFiles,
    ...[...configurationFiles(root), ...lockFiles(root)].map((file) => [file, fileHash(file)]),
  ];
  return sha256(JSON.stringify(parts));
}

/** Read from its package.json: loading esbuild itself would cost an unchanged synth 20 ms. */
function esbuildVersion(): string {
  const { version } = createRequire(import.meta.url)('esbuild/package.json') as { version: string };
  return version;
}

/**
 * Bundling reads no tsconfig (see `bundleOptions`). Bundles are made anew all the same when one changes, which is what a
 * person who edits it expects.
 */
function configurationFiles(root: string): string[] {
  const tsconfigs = readdirSync(root).filter((file) => /^tsconfig.*\.json$/.test(file));
  return ['package.json', ...tsconfigs.sort()].map((file) => join(root, file));
}

/** The lock files of the root and of every folder above it, where a workspace has its own. */
function lockFiles(directory: string): string[] {
  const files = ['package-lock.json', 'npm-shrinkwrap.json'].map((file) => join(directory, file));
  const above = dirname(directory);
  return above === directory ? files : [...files, ...lockFiles(above)];
}

export function sha256(content: string | Uint8Array): string {
  return hash('sha256', content);
}
