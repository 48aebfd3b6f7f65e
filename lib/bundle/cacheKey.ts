import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bundleOptions, externals } from './build.ts';
import { containerFiles } from './container.ts';

/** Changes when the layout of a bundle or of the cache does. */
const layoutVersion = 5;

/**
 * What every bundle depends on beside the files and the entry it is made from. The lock file and package.json stand for
 * how packages resolve; a workspace's lock file lies above the root.
 */
export function cacheKey(root: string): string {
  const parts = [
    layoutVersion,
    esbuildVersion(),
    bundleOptions,
    externals,
    containerFiles,
    ...[...configurationFiles(root), ...lockFiles(root)].map((file) => [file, textOf(file)]),
  ];
  return sha256(JSON.stringify(parts));
}

export function sha256(content: string | Uint8Array): string {
  return hash('sha256', content);
}

/** Read off its package.json: loading esbuild itself would cost an unchanged synth 20 ms. */
function esbuildVersion(): string {
  const { version } = createRequire(import.meta.url)('esbuild/package.json') as { version: string };
  return version;
}

/**
 * The tsconfigs have no say in a bundle (see `bundleOptions`). Who edits one will want to see everything made anew all
 * the same.
 */
function configurationFiles(root: string): string[] {
  const tsconfigs = readdirSync(root).filter((file) => /^tsconfig.*\.json$/.test(file));
  return ['package.json', ...tsconfigs.sort()].map((file) => join(root, file));
}

/** Those of the root and of every folder above it: only a workspace has one there. */
function lockFiles(directory: string): string[] {
  const files = ['package-lock.json', 'npm-shrinkwrap.json'].map((file) => join(directory, file));
  const above = dirname(directory);
  return above === directory ? files : [...files, ...lockFiles(above)];
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
