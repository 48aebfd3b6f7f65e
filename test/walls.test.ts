import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** What each room of src/ may import, beside itself. Whoever stands further down may import what stands above it. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  message: [],
  'names.ts': [],
  'nearestName.ts': [],
  schedule: [],
  'sigV4.ts': [],
  job: ['names.ts', 'nearestName.ts', 'schedule'],
  files: ['job'],
  publisher: ['job', 'message', 'names.ts', 'schedule', 'sigV4.ts'],
  runtime: ['job', 'message'],
  idempotency: ['job', 'message', 'runtime'],
  tracking: ['job', 'message', 'runtime', 'files'],
  worker: ['job', 'message', 'runtime', 'sigV4.ts'],
  api: ['job', 'message', 'names.ts', 'publisher', 'files', 'tracking'],
};

/** What local/ shares with what ships. */
const leaves = ['message', 'names.ts', 'nearestName.ts', 'schedule'];

test.each(Object.entries(allowed))('src/%s imports %j only', async (room, others) => {
  const imports = await importsOf(`src/${room.endsWith('.ts') ? room : `${room}/**/*.ts`}`);
  expect(imports.filter((file) => !['package', room, ...others].includes(roomOf(file)))).toEqual([]);
});

test('src/message imports no package, for every bundle carries it', async () => {
  const imports = await importsOf('src/message/*.ts');
  expect(imports.filter((file) => !file.startsWith('src/message/'))).toEqual([]);
});

test('local/aws runs a cloud assembly: of local/ it imports itself, and of src/ leaves only', async () => {
  const imports = await importsOf('local/aws/**/*.ts');
  const own = imports.filter((file) => /^(src|lib|cli|local|bench|bin)\//.test(file));
  const isAllowed = (file: string) => file.startsWith('local/aws/') || isLeaf(file);
  expect(own.filter((file) => !isAllowed(file))).toEqual([]);
});

test('local/ imports nothing of src/ but leaves, and nothing of lib/ and cli/', async () => {
  const imports = await importsOf('local/**/*.ts');
  const own = imports.filter((file) => /^(src|lib|cli|bench|bin)\//.test(file));
  expect(own.filter((file) => !isLeaf(file))).toEqual([]);
});

/** The files and packages that files import, by esbuild's metafile; imports of types alone ship nothing. */
async function importsOf(pattern: string): Promise<string[]> {
  const files = globSync(pattern, { cwd: root }).filter((file) => !file.endsWith('.d.ts'));
  expect(files).not.toEqual([]);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: files,
    outdir: 'out',
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const imported = files.flatMap((file) => metafile.inputs[file]?.imports ?? []);
  return [...new Set(imported.map(({ path }) => path))].filter((path) => !path.startsWith('node:'));
}

/** Where a file of src/ stands; packages stand everywhere. */
function roomOf(file: string): string {
  return file.startsWith('src/') ? (file.split('/')[1] ?? '') : 'package';
}

function isLeaf(file: string): boolean {
  return leaves.includes(roomOf(file));
}
