import { spawnSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildJobs } from '../../../lib/bundle/build.ts';
import { type BundledJob, bundleJobs } from '../../../lib/bundle/bundle.ts';
import { cacheKey } from '../../../lib/bundle/cache.ts';
import { discoverJobs } from '../../../lib/discovery/discovery.ts';
import type { JobOptions } from '../../../src/job/index.ts';
import { jobFile, repository, temporaryProject, writeFiles } from '../project.ts';

const files = {
  'package.json': '{"type":"module"}',
  'package-lock.json': '{"lockfileVersion":3}',
  'tsconfig.json': '{}',
  'src/shared/word.ts': "export const word = 'one';",
  'src/jobs/A.ts': jobFile('run() { return word; }', "import { word } from '../shared/word.ts';"),
  'src/jobs/B.ts': jobFile("run() { return 'b'; }"),
};

/** Bundles a project's jobs; tells which of them esbuild was called for, and the hashes. */
async function bundle(
  root: string,
  options: Partial<JobOptions> = {},
): Promise<{ built: string[]; hashes: string[]; jobs: BundledJob[] }> {
  const built: string[] = [];
  const found = (await discoverJobs(join(root, 'src/jobs'))).jobs;
  const asked = found.map((one) => ({ ...one, job: { ...one.job, ...options } }));
  const { jobs } = await bundleJobs(asked, {
    root,
    build: (sources, from) => {
      built.push(...sources.map(({ name }) => name));
      return buildJobs(sources, from);
    },
  });
  return { built, hashes: jobs.map(({ bundle: { hash } }) => hash), jobs };
}

/** A file saved while esbuild runs is not trusted; these were saved before. */
function age(root: string): void {
  const earlier = new Date(Date.now() - 60_000);
  for (const name of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (name.isFile()) utimesSync(join(name.parentPath, name.name), earlier, earlier);
  }
}

async function bundledProject(): Promise<{ root: string; hashes: string[] }> {
  const root = temporaryProject(files);
  age(root);
  const { built, hashes } = await bundle(root);
  expect(built).toEqual(['A', 'B']);
  return { root, hashes };
}

describe('bundled anew', () => {
  test('nothing, when nothing changed', async () => {
    const { root, hashes } = await bundledProject();
    expect(await bundle(root)).toMatchObject({ built: [], hashes });
  });

  test('only the job that imports an edited file', async () => {
    const { root, hashes } = await bundledProject();
    writeFileSync(join(root, 'src/shared/word.ts'), "export const word = 'two';");
    const { built, hashes: changed } = await bundle(root);
    expect(built).toEqual(['A']);
    expect(changed[0]).not.toBe(hashes[0]);
    expect(changed[1]).toBe(hashes[1]);
  });

  test('nothing, when the edit is taken back', async () => {
    const { root } = await bundledProject();
    const path = join(root, 'src/shared/word.ts');
    writeFileSync(path, "export const word = 'two';");
    writeFileSync(path, files['src/shared/word.ts']);
    expect((await bundle(root)).built).toEqual([]);
  });

  test('all, when the runtime changed', async () => {
    const { root } = await bundledProject();
    writeFileSync(
      join(root, 'src/runtime/handler.ts'),
      'export const createHandler = (job: unknown) => job;',
    );
    expect((await bundle(root)).built).toEqual(['A', 'B']);
  });

  test.each(['package-lock.json', 'package.json', 'tsconfig.json', 'tsconfig.base.json'])(
    'all, when %s changed',
    async (file) => {
      const { root, hashes } = await bundledProject();
      writeFileSync(join(root, file), '{"type":"module","compilerOptions":{},"name":"x"}');
      expect(await bundle(root)).toMatchObject({ built: ['A', 'B'], hashes });
    },
  );

  test('all, when the lock file of a workspace above changed', () => {
    const root = temporaryProject({ ...files, 'packages/jobs/package.json': '{}' });
    const key = () => cacheKey(join(root, 'packages/jobs'));
    const before = key();
    expect(key()).toBe(before);
    writeFileSync(join(root, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}');
    expect(key()).not.toBe(before);
  });

  test('a job that asks for more of the runtime than it did', async () => {
    const { root, hashes } = await bundledProject();
    writeFiles(root, {
      'src/idempotency/once.ts': 'export const dynamoOnce = (name: string) => name;',
    });
    const { built, hashes: idempotent, jobs } = await bundle(root, { idempotency: { for: '1d' } });
    expect(built).toEqual(['A', 'B']);
    expect(idempotent).not.toEqual(hashes);
    expect(codeOf(jobs[0])).toContain('once:');
    expect(await bundle(root)).toMatchObject({ built: ['A', 'B'], hashes });
  });

  test('what is damaged in the cache, to what it was', async () => {
    const { root, hashes } = await bundledProject();
    const { jobs } = await bundle(root);
    const directory = (index: number) => jobs[index]?.bundle.directory as string;
    writeFileSync(join(directory(0), 'index.mjs'), '');
    rmSync(join(directory(1), 'index.mjs.map'));
    expect(await bundle(root)).toMatchObject({ built: ['A', 'B'], hashes });
    expect(codeOf(jobs[0])).toContain('one');
    expect(existsSync(join(directory(1), 'index.mjs.map'))).toBe(true);
  });

  test('a new job only', async () => {
    const { root } = await bundledProject();
    writeFiles(root, { 'src/jobs/C.ts': jobFile('run() {}') });
    expect((await bundle(root)).built).toEqual(['C']);
  });

  test('a job whose bundle was deleted from the cache, and all when the index is unreadable', async () => {
    const { root } = await bundledProject();
    const { jobs } = await bundle(root);
    rmSync((jobs[1] as BundledJob).bundle.directory, { recursive: true });
    expect((await bundle(root)).built).toEqual(['B']);
    writeFileSync(join(root, '.cache/serverless-jobs/bundles.json'), '{"key":');
    expect((await bundle(root)).built).toEqual(['A', 'B']);
  });

  test('what was saved while esbuild ran, once more', async () => {
    const root = temporaryProject(files);
    age(root);
    const { jobs } = await discoverJobs(join(root, 'src/jobs'));
    const first = await bundleJobs(jobs, {
      root,
      build: async (sources, from) => {
        const built = await buildJobs(sources, from);
        writeFileSync(join(root, 'src/shared/word.ts'), "export const word = 'three';");
        return built;
      },
    });
    expect(codeOf(first.jobs[0])).toContain('one');
    const { built, jobs: again } = await bundle(root);
    expect(built).toEqual(['A']);
    expect(codeOf(again[0])).toContain('three');
  });
});

test('a job that is a link to another has a bundle of its own, under its own name', async () => {
  const root = temporaryProject(files);
  symlinkSync('A.ts', join(root, 'src/jobs/Alias.ts'));
  const { jobs, hashes } = await bundle(root);
  expect(jobs.map(({ name }) => name)).toEqual(['A', 'Alias', 'B']);
  expect(new Set(hashes).size).toBe(3);
  expect(codeOf(jobs[1])).toContain('"Alias"');
});

test('a tsconfig has no say in a bundle: it holds what Node makes of the same files', async () => {
  const source = `class Base { get word() { return 'base'; } }
    class Derived extends Base { declared = 'own'; override word = 'own'; }
    ${jobFile('run() { return new Derived().word; }')}`;
  const hashOf = async (more: Record<string, string>) => {
    const project = temporaryProject({ ...files, 'src/jobs/A.ts': source, ...more });
    return (await bundle(project)).hashes[0];
  };
  const options = '{"compilerOptions":{"useDefineForClassFields":false,"target":"ES5"}}';
  const plain = await hashOf({});
  expect(await hashOf({ 'tsconfig.json': options })).toBe(plain);
  expect(await hashOf({ 'src/tsconfig.json': options })).toBe(plain);
  expect(await hashOf({ 'tsconfig.json': '{"extends":"./base.json"}', 'base.json': options })).toBe(plain);
});

test('a failed build leaves the cache as it was', async () => {
  const { root, hashes } = await bundledProject();
  writeFileSync(join(root, 'src/shared/word.ts'), "import '../../lib/secret.ts'; export const word = 'two';");
  writeFiles(root, { 'lib/secret.ts': '' });
  await expect(bundle(root)).rejects.toThrow('lib/secret.ts');
  writeFileSync(join(root, 'src/shared/word.ts'), files['src/shared/word.ts']);
  expect(await bundle(root)).toMatchObject({ built: [], hashes });
});

test('bundles long out of use are removed, young ones stay', async () => {
  const { root, hashes } = await bundledProject();
  const cache = join(root, '.cache/serverless-jobs');
  const edit = async (word: string) => {
    writeFileSync(join(root, 'src/shared/word.ts'), `export const word = '${word}';`);
    return (await bundle(root)).hashes[0] as string;
  };
  const second = await edit('two');
  expect(readdirSync(cache)).toContain(hashes[0]);
  const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
  utimesSync(join(cache, hashes[0] as string), longAgo, longAgo);
  const third = await edit('three');
  expect(readdirSync(cache).toSorted()).toEqual([second, third, hashes[1], 'bundles.json'].toSorted());
});

test('the cache is in node_modules where there is one', async () => {
  const root = temporaryProject({ ...files, 'node_modules/.keep': '' });
  const { jobs } = await bundle(root);
  expect((jobs[0] as BundledJob).bundle.directory).toContain(
    join(root, 'node_modules/.cache/serverless-jobs'),
  );
  expect(existsSync(join(root, '.cache'))).toBe(false);
});

test('concurrent synths share a cache', async () => {
  const root = temporaryProject(files);
  age(root);
  const runs = await Promise.all(Array.from({ length: 5 }, () => bundle(root)));
  const [first] = runs;
  for (const { hashes, jobs } of runs) {
    expect(hashes).toEqual(first?.hashes);
    for (const job of jobs) expect(codeOf(job)).toMatch(/sourceMappingURL=index\.mjs\.map\n$/);
  }
  expect(readdirSync(join(root, '.cache/serverless-jobs')).filter((name) => name.endsWith('.tmp'))).toEqual(
    [],
  );
  expect((await bundle(root)).built).toEqual([]);
});

test('esbuild is not even loaded when nothing changed', () => {
  const root = temporaryProject(files);
  age(root);
  const script = `
    const { loadJobs } = await import(${JSON.stringify(join(repository, 'lib/discovery/loadJobs.ts'))});
    const { resourceNames } = await import(${JSON.stringify(join(repository, 'lib/platform/resourceNames.ts'))});
    const { jobs } = await loadJobs(resourceNames());
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(${JSON.stringify(join(repository, 'x.js'))}).cache);
    console.log(JSON.stringify([jobs.length, loaded.some((file) => file.includes('/esbuild/lib/'))]));
  `;
  const run = () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };
  expect(run()).toEqual([2, true]);
  expect(run()).toEqual([2, false]);
});

function codeOf(job: BundledJob | undefined): string {
  return readFileSync(join(job?.bundle.directory ?? '', 'index.mjs'), 'utf8');
}
