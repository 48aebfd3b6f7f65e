import type { Metafile } from 'esbuild';
import { entryNamespace } from './entry.ts';

/** What a bundle is made from, read from esbuild's metafile. Paths are relative to the project's root. */
export interface Modules {
  /** All files that esbuild read for the bundle, sorted. Tree-shaken files are among them. */
  readonly files: readonly string[];
  /** The files that run when the bundle is loaded: all but those that only an `import()` leads to. */
  readonly atStart: ReadonlySet<string>;
  /** Whether a CommonJS module in the bundle requires one of Node's own modules. */
  readonly needsRequire: boolean;
  /** The files that a file imports. */
  importsOf(file: string): readonly string[];
  /** The shortest chain of imports from the job file to a file. */
  chainTo(file: string): readonly string[];
}

/** Follows the imports from a job's entry, breadth first, so that the chains are the shortest. */
export function modulesOf(jobName: string, { inputs }: Metafile): Modules {
  const entry = `${entryNamespace}:${jobName}`;
  const importers = new Map<string, string | undefined>([[entry, undefined]]);
  const insideOf = (file: string) => (inputs[file]?.imports ?? []).filter(({ external }) => !external);
  const importsOf = (file: string) => insideOf(file).map(({ path }) => path);
  for (const file of importers.keys()) {
    for (const imported of importsOf(file)) if (!importers.has(imported)) importers.set(imported, file);
  }
  const atStart = new Set([entry]);
  for (const file of atStart) {
    for (const { path, kind } of insideOf(file)) if (kind !== 'dynamic-import') atStart.add(path);
  }
  const files = [...importers.keys()].filter((file) => file !== entry).sort();
  const needsRequire = files.some((file) =>
    inputs[file]?.imports.some(({ external, kind }) => external && kind === 'require-call'),
  );
  return { files, atStart, needsRequire, importsOf, chainTo: (file) => chain(file, importers).slice(1) };
}

/** The package a file belongs to, such as `zod` or `@scope/name`; undefined for a file of the project itself. */
export function packageOf(file: string): string | undefined {
  return /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

function chain(file: string, importers: ReadonlyMap<string, string | undefined>): string[] {
  const importer = importers.get(file);
  return importer === undefined ? [file] : [...chain(importer, importers), file];
}
