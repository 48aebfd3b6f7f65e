import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { budgetWarning } from './budget.ts';
import { type Build, type BundleFiles, messageText } from './build.ts';
import type { BundleContent, NewBundle } from './cache.ts';
import { minifiedNameWarnings } from './minifiedNames.ts';
import { type Modules, modulesOf } from './modules.ts';
import { assertWall } from './wall.ts';

export interface BundlePart {
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
