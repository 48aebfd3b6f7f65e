import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { apiEntry, apiJob, bundleApi } from '../../../lib/bundle/apiBundle.ts';
import { buildEntries, externals } from '../../../lib/bundle/build.ts';
import type { JobBundle } from '../../../lib/bundle/bundle.ts';
import { bundleJobs } from '../../../lib/bundle/bundle.ts';
import { modulesOf, packageOf } from '../../../lib/bundle/modules.ts';
import { apiBudgetBytes } from '../../../lib/bundle/newBundle.ts';
import { BundleWallError } from '../../../lib/bundle/wall.ts';
import { type DiscoveredJob, discoverJobs } from '../../../lib/discovery/discovery.ts';
import { defineJob, type JobOptions } from '../../../src/job/index.ts';
import { jobFile, repository, temporaryProject, writeFiles } from '../project.ts';

const files = {
  'package-lock.json': '{"lockfileVersion":3}',
  'src/api/index.ts': 'export const createApiHandler = (jobs: unknown) => () => jobs;',
  'src/api/pages/upload.html': '<title>Upload</title>',
  'src/api/pages/style/page.css': 'body { margin: 0 }',
};

function job(name: string, options: Partial<JobOptions> = {}): DiscoveredJob {
  return { name, file: `/src/jobs/${name}.ts`, job: defineJob({ run() {}, track: true, ...options }) };
}

/** Bundles a project's API; tells whether esbuild was called for it. */
async function bundle(
  root: string,
  jobs = [job('Report')],
): Promise<{ isBuilt: boolean; bundle: JobBundle }> {
  let isBuilt = false;
  const { apiBundle, warnings } = await bundleApi(jobs, {
    root,
    build: (...call) => {
      isBuilt = true;
      return buildEntries(...call);
    },
  });
  expect(warnings).toEqual([]);
  return { isBuilt, bundle: apiBundle as JobBundle };
}

/** A file saved while esbuild runs is not trusted; these were saved before. */
function agedProject(more: Readonly<Record<string, string>> = {}): string {
  const root = temporaryProject({ ...files, ...more });
  const earlier = new Date(Date.now() - 60_000);
  for (const name of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (name.isFile()) utimesSync(join(name.parentPath, name.name), earlier, earlier);
  }
  return root;
}

describe("the repository's own API", () => {
  test('is at most 400 KB, made from src/ and dependencies only, without jobs or the AWS SDK', async () => {
    const jobs = [job('Report', { payload: z.object({ name: z.string() }) })];
    const { bundle: found } = await bundle(repository, jobs);
    expect(found.bytes).toBeLessThanOrEqual(apiBudgetBytes);
    expect(apiBudgetBytes).toBe(400 * 1024);

    const { metafile } = await buildEntries(new Map([['api', apiEntry([])]]), repository, externals.lambda);
    const { files: modules } = modulesOf('api', metafile);
    expect(modules).toContain('src/api/index.ts');
    expect(modules.filter((file) => file.startsWith('src/jobs/'))).toEqual([]);
    expect(modules.filter((file) => packageOf(file) === undefined && !file.startsWith('src/'))).toEqual([]);
    const packages = new Set(modules.flatMap((file) => packageOf(file) ?? []));
    expect([...packages].filter((name) => name.startsWith('@aws-sdk/'))).toEqual([]);
    expect(packages).toContain('hono');
  });
});

describe('what the API is told of a job', () => {
  test('its name, attempts, payload and uploads, with the defaults filled in', async () => {
    const payload = z.object({ upload: z.string() });
    const uploads = { contentTypes: ['text/plain'] };
    expect(await apiJob(job('Report', { payload, uploads, maxAttempts: 3 }))).toEqual({
      name: 'Report',
      payloadSchema: expect.objectContaining({ type: 'object', required: ['upload'] }),
      uploads: { contentTypes: ['text/plain'], maxBytes: 100 * 1024 * 1024 },
      maxAttempts: 3,
    });
    expect(await apiJob(job('Plain'))).toEqual({ name: 'Plain', maxAttempts: 5 });
  });

  test('is JSON in its bundle, whatever a property is called', async () => {
    const properties = JSON.parse('{"__proto__":{"type":"string"},"it\'s \\"\\u2028":{}}');
    const description = [{ name: 'Report', payloadSchema: { type: 'object', properties }, maxAttempts: 5 }];
    const schema = { version: 1, vendor: 'x', validate: (value: unknown) => ({ value }) } as const;
    const jsonSchema = { input: () => ({ type: 'object', properties }), output: () => ({}) };
    const payload = { '~standard': { ...schema, jsonSchema } };
    const { bundle: found } = await bundle(temporaryProject(files), [job('Report', { payload })]);
    const { handler } = await import(pathToFileURL(join(found.directory, 'index.mjs')).href);
    expect(JSON.stringify(handler())).toBe(JSON.stringify(description));
  });
});

test('there is none where no job tracks', async () => {
  expect(await bundleApi([job('Plain', { track: false })], { root: temporaryProject({}) })).toEqual({
    apiBundle: undefined,
    warnings: [],
  });
});

test('only jobs that track are in it', async () => {
  const jobs = [job('Plain', { track: false }), job('Report')];
  const { bundle: found } = await bundle(temporaryProject(files), jobs);
  const { handler } = await import(pathToFileURL(join(found.directory, 'index.mjs')).href);
  expect(handler()).toEqual([{ name: 'Report', maxAttempts: 5 }]);
});

test('its pages lie beside its code, byte by byte', async () => {
  const root = temporaryProject(files);
  const picture = Buffer.from([0x89, 0x50, 0xff, 0x00, 0xfe]);
  writeFileSync(join(root, 'src/api/pages/logo.png'), picture);
  const { directory } = (await bundle(root)).bundle;
  expect(readdirSync(directory, { recursive: true }).toSorted()).toEqual([
    'index.mjs',
    'index.mjs.map',
    'pages',
    'pages/logo.png',
    'pages/style',
    'pages/style/page.css',
    'pages/upload.html',
  ]);
  expect(readFileSync(join(directory, 'pages/logo.png'))).toEqual(picture);
  expect(readFileSync(join(directory, 'pages/upload.html'), 'utf8')).toBe('<title>Upload</title>');
});

describe('bundled anew', () => {
  test('nothing, when nothing changed', async () => {
    const root = agedProject();
    const first = await bundle(root);
    expect(first.isBuilt).toBe(true);
    expect(await bundle(root)).toEqual({ isBuilt: false, bundle: first.bundle });
  });

  test.each<[string, (root: string) => void]>([
    [
      'its code was edited',
      (root) => writeFileSync(join(root, 'src/api/index.ts'), 'export const createApiHandler = () => 1;'),
    ],
    ['a page was edited', (root) => writeFileSync(join(root, 'src/api/pages/upload.html'), '<title>New')],
    ['a page was added', (root) => writeFiles(root, { 'src/api/pages/job.html': '<title>Job</title>' })],
    ['a page was removed', (root) => rmSync(join(root, 'src/api/pages/style'), { recursive: true })],
    ['a page was renamed', rename],
  ])('when %s', async (_, change) => {
    const root = agedProject();
    const before = (await bundle(root)).bundle;
    change(root);
    const after = await bundle(root);
    expect(after.isBuilt).toBe(true);
    expect(after.bundle.hash).not.toBe(before.hash);
  });

  test.each<[string, DiscoveredJob[]]>([
    ['a job tracks too', [job('Report'), job('Invoice')]],
    ['a payload changed', [job('Report', { payload: z.object({}) })]],
    ['what may be uploaded changed', [job('Report', { uploads: { contentTypes: ['text/csv'] } })]],
  ])('when %s', async (_, jobs) => {
    const root = agedProject();
    const before = (await bundle(root)).bundle;
    const after = await bundle(root, jobs);
    expect(after.isBuilt).toBe(true);
    expect(after.bundle.hash).not.toBe(before.hash);
  });

  test("not when a job's bundle is, nor the other way round", async () => {
    const root = agedProject({ 'src/jobs/A.ts': jobFile('run() {}') });
    const before = (await bundle(root)).bundle;
    const { jobs } = await discoverJobs(join(root, 'src/jobs'));
    const first = await bundleJobs(jobs, { root });
    expect(await bundle(root)).toEqual({ isBuilt: false, bundle: before });
    writeFiles(root, { 'src/api/pages/job.html': '' });
    await bundle(root);
    const build = () => {
      throw new Error('bundled anew');
    };
    expect((await bundleJobs(jobs, { root, build })).jobs[0]?.bundle).toEqual(first.jobs[0]?.bundle);
  });

  function rename(root: string): void {
    rmSync(join(root, 'src/api/pages/upload.html'));
    writeFiles(root, { 'src/api/pages/uploads.html': files['src/api/pages/upload.html'] });
  }
});

test('the wall holds for it too', async () => {
  const root = temporaryProject({
    ...files,
    'src/api/index.ts': "import '../../lib/stack.ts';\nexport const createApiHandler = () => 0;",
    'lib/stack.ts': 'console.log(1);',
  });
  const failure = bundle(root);
  await expect(failure).rejects.toThrow(BundleWallError);
  await expect(failure).rejects.toThrow("api's bundle would carry lib/stack.ts");
});
