import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { budgetWarning } from './budget.ts';
import { type Build, type BundleFiles, messageText } from './build.ts';
import type { BundleContent, NewBundle } from './cache.ts';
import { type Modules, modulesOf, packageOf } from './modules.ts';
import { assertWall } from './wall.ts';

interface BundlePart {
  /** Its entry's. */
  readonly name: string;
  /** By which the cache finds it. */
  readonly key: string;
  /** Its entry, as a hash, and whatever else it is made from beside files. */
  readonly madeFrom: string;
  /** Above this it is worth a warning. */
  readonly budgetBytes: number;
  /** What lies beside its code, by name. */
  readonly besides: BundleContent;
}

/**
 * One of the bundles that esbuild made, as it ships.
 * @throws {BundleWallError} when it would carry what must not
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

/** In a source map's mappings a `;` ends a line. */
function oneLineDown(map: string): string {
  return map.replace('"mappings": "', '"mappings": ";');
}

/**
 * A warning for each of the project's files that reads a class's name at run time, where it is minified: an error
 * that calls itself `this.constructor.name` would stand as `a` in the log and beside its dead letter.
 */
function minifiedNameWarnings({ files }: Modules, root: string): string[] {
  return files
    .filter((file) => packageOf(file) === undefined)
    .filter((file) => /\b(?:constructor|new\.target)\.name\b/.test(readFileSync(join(root, file), 'utf8')))
    .map((file) => `${file} reads a class's name, which bundling minifies: write it out, as in ${example}.`);
}

const example = "override readonly name = 'InvoiceGone'";
