import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bundleOptions, externals } from './build.ts';
import { containerFiles } from './container.ts';
import { entryModule } from './entry.ts';

/** Changes when the layout of a bundle or of the cache does. */
const layoutVersion = 4;

/**
 * What every bundle depends on beside the files it is made from. The lock file and package.json stand for how
 * packages resolve; every `tsconfig*.json` of the root for the compiler options and what they extend.
 */
export function cacheKey(root: string): string {
  const parts = [
    layoutVersion,
    esbuildVersion(),
    bundleOptions,
    externals,
    entryModule({ name: 'name', file: 'file', isIdempotent: true, isTracked: true }, 'lambda'),
    entryModule({ name: 'name', file: 'file', isIdempotent: true, isTracked: true }, 'worker'),
    containerFiles,
    ...configurationFiles(root).map((file) => [file, textOf(join(root, file))]),
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

function configurationFiles(root: string): string[] {
  const tsconfigs = readdirSync(root).filter((file) => /^tsconfig.*\.json$/.test(file));
  return ['package.json', 'package-lock.json', 'npm-shrinkwrap.json', ...tsconfigs.sort()];
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
