import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { buildJobs } from '../../../lib/bundle/build.ts';
import { type BundledJob, bundleJobs } from '../../../lib/bundle/bundle.ts';
import { entryModule } from '../../../lib/bundle/entry.ts';
import { modulesOf, packageOf } from '../../../lib/bundle/modules.ts';
import { budgetWarning, bundleBudgetBytes } from '../../../lib/bundle/newBundle.ts';
import { BundleWallError } from '../../../lib/bundle/wall.ts';
import { discoverJobs } from '../../../lib/discovery/discovery.ts';
import { SynthError } from '../../../lib/platform/synthError.ts';
import { jobFile, realProject, repository, temporaryProject } from '../project.ts';

async function bundle(root: string): Promise<{ jobs: BundledJob[]; warnings: string[] }> {
  const { jobs } = await discoverJobs(join(root, 'src/jobs'));
  return bundleJobs(jobs, { root });
}

async function onlyBundle(root: string): Promise<BundledJob['bundle']> {
  const { jobs } = await bundle(root);
  expect(jobs).toHaveLength(1);
  return (jobs[0] as BundledJob).bundle;
}

function code({ directory }: BundledJob['bundle']): string {
  return readFileSync(join(directory, 'index.mjs'), 'utf8');
}

describe('a bundle of a small job', () => {
  test('is at most 48 KB, made from src/ and dependencies only, without the AWS SDK', async () => {
    const file = 'src/jobs/GreetingJob.ts';
    const root = realProject({ [file]: readFileSync(join(repository, 'test/jobs/GreetingJob.ts'), 'utf8') });
    const { jobs, warnings } = await bundle(root);
    const greeting = jobs[0] as BundledJob;
    expect(greeting.bundle.bytes).toBe(Buffer.byteLength(code(greeting.bundle)));
    expect(greeting.bundle.bytes).toBeLessThanOrEqual(48 * 1024);
    expect(warnings).toEqual([]);

    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const source = { name: 'GreetingJob', file, isIdempotent: false, isTracked: false };
    const built = await buildJobs([source], root);
    const { files } = modulesOf('GreetingJob', built.metafile);
    expect(files).toContain(file);
    expect(files).toContain('src/runtime/handler.ts');
    expect(code(greeting.bundle)).not.toMatch(/limitOf|insteadOnFargate/); // the table of options stays behind
    const packages = new Set(files.flatMap((file) => packageOf(file) ?? []));
    expect([...packages].filter((name) => name.startsWith('@aws-sdk/'))).toEqual([]);
    const direct = new Set(Object.keys(dependencies));
    const ofPowertools = ['@aws-lambda-powertools/commons', '@aws/lambda-invoke-store'];
    expect([...packages].filter((name) => !direct.has(name) && !ofPowertools.includes(name))).toEqual([]);
    expect(files.filter((file) => packageOf(file) === undefined && !file.startsWith('src/'))).toEqual([]);
  });
});

describe('a bundle', () => {
  test('joins the job to the runtime', async () => {
    const root = temporaryProject({ 'src/jobs/Echo.ts': jobFile('run(payload) { return payload; }') });
    const { directory } = await onlyBundle(root);
    const { handler } = await import(pathToFileURL(join(directory, 'index.mjs')).href);
    expect(handler('hello')).toBe('hello');
  });

  test('the generated entry', () => {
    const source = { name: 'Echo', file: 'src/jobs/Echo.ts', isTracked: false };
    expect(entryModule({ ...source, isIdempotent: false })).toBe(
      "import job from './src/jobs/Echo.ts';\n" +
        "import { createHandler } from './src/runtime/handler.ts';\n" +
        "export const handler = createHandler(job, 'Echo');\n",
    );
    expect(entryModule({ ...source, isIdempotent: true })).toBe(
      "import job from './src/jobs/Echo.ts';\n" +
        "import { createHandler } from './src/runtime/handler.ts';\n" +
        "import { dynamoOnce } from './src/idempotency/once.ts';\n" +
        "export const handler = createHandler(job, 'Echo', { once: dynamoOnce('Echo', job.idempotency) });\n",
    );
    expect(entryModule({ ...source, isIdempotent: true, isTracked: true })).toBe(
      "import job from './src/jobs/Echo.ts';\n" +
        "import { createHandler } from './src/runtime/handler.ts';\n" +
        "import { dynamoOnce } from './src/idempotency/once.ts';\n" +
        "import { dynamoTracker } from './src/tracking/tracker.ts';\n" +
        "export const handler = createHandler(job, 'Echo', { once: dynamoOnce('Echo', job.idempotency), tracker: dynamoTracker('Echo') });\n",
    );
  });

  test('its source map leads back to the file and line, and holds no sources', async () => {
    const root = temporaryProject({
      'src/jobs/Fails.ts': jobFile("run() {\n\n    throw new Error('here it is');\n}"),
    });
    const { directory } = await onlyBundle(root);
    const lines = code({ directory } as BundledJob['bundle']).split('\n');
    expect(lines.at(-2)).toBe('//# sourceMappingURL=index.mjs.map');
    const line = lines.findIndex((text) => text.includes('here it is'));
    const map = JSON.parse(readFileSync(join(directory, 'index.mjs.map'), 'utf8'));
    expect(map.sourcesContent).toBeUndefined();
    const entry = new SourceMap(map).findEntry(line, (lines[line] as string).indexOf('here it is'));
    expect(entry).toMatchObject({ originalSource: 'src/jobs/Fails.ts', originalLine: 4 });
  });

  test('leaves the AWS SDK to the Lambda runtime, loaded on demand or not', async () => {
    const root = temporaryProject({
      'src/jobs/A.ts': jobFile("async run() { return (await import('@aws-sdk/client-sqs')).SQSClient; }"),
    });
    expect(code(await onlyBundle(root))).toContain('import("@aws-sdk/client-sqs")');
  });

  test("a CommonJS package gets the require it needs for Node's own modules; the map follows", async () => {
    const root = temporaryProject({
      'package.json': '{"type":"module","dependencies":{"old":"1"}}',
      'node_modules/old/package.json': '{"name":"old","main":"index.js"}',
      'node_modules/old/index.js':
        "const path = require('path'); exports.base = () => path.basename('/a/b');",
      'src/jobs/Old.ts': jobFile("run() { return base() + 'marked'; }", "import { base } from 'old';"),
    });
    const { directory } = await onlyBundle(root);
    const { handler } = await import(pathToFileURL(join(directory, 'index.mjs')).href);
    expect(handler()).toBe('bmarked');

    const lines = code({ directory } as BundledJob['bundle']).split('\n');
    const line = lines.findIndex((text) => text.includes('marked'));
    const map = new SourceMap(JSON.parse(readFileSync(join(directory, 'index.mjs.map'), 'utf8')));
    const entry = map.findEntry(line, (lines[line] as string).indexOf('"marked"'));
    expect(entry).toMatchObject({ originalSource: 'src/jobs/Old.ts', originalLine: 2 });
  });

  test('without such a package there is no require', async () => {
    const root = temporaryProject({ 'src/jobs/A.ts': jobFile('run() {}') });
    expect(code(await onlyBundle(root))).not.toContain('createRequire');
  });
});

describe('the same sources give the same hash', () => {
  const files = {
    'package.json': '{"type":"module","dependencies":{"tiny":"1"}}',
    'node_modules/tiny/package.json': '{"name":"tiny","type":"module","main":"index.js"}',
    'node_modules/tiny/index.js': 'export const tiny = (text) => "tiny " + text;',
    'src/shared/words.ts':
      'export const words = ["one", "two"];\nexport class Unused { tell() { return 1; } }',
    'src/jobs/A.ts': jobFile(
      'run() { return tiny(words[0]); }',
      "import { tiny } from 'tiny'; import { words } from '../shared/words.ts';",
    ),
  };

  test('in checkouts at different paths; no path of the machine is in the code or the map', async () => {
    const [one, other] = [temporaryProject(files), temporaryProject(files)];
    const [first, second] = [await onlyBundle(one), await onlyBundle(other)];
    expect(second.hash).toBe(first.hash);
    expect(second.directory).not.toBe(first.directory);
    const map = readFileSync(join(first.directory, 'index.mjs.map'), 'utf8');
    expect(code(first) + map).not.toContain(one);
    expect(JSON.parse(map).sources).toContain('src/jobs/A.ts');
  });

  test('alone or beside other jobs', async () => {
    const alone = await onlyBundle(temporaryProject(files));
    const other = {
      'src/jobs/B.ts': jobFile('run() { return words; }', "import { words } from '../shared/words.ts';"),
      'src/jobs/AA.ts': jobFile("batchSize: 3, run() { return tiny('x'); }", "import { tiny } from 'tiny';"),
    };
    const { jobs } = await bundle(temporaryProject({ ...files, ...other }));
    expect(jobs.map(({ name }) => name)).toEqual(['A', 'AA', 'B']);
    expect(jobs[0]?.bundle.hash).toBe(alone.hash);
    expect(new Set(jobs.map(({ bundle: { hash } }) => hash)).size).toBe(3);
  });
});

describe('what must not ship', () => {
  const imports = (path: string) => `import { secret } from '${path}';`;
  const secret = 'export const secret = 1;';

  test.each([
    ['lib/secret.ts', '../../lib/secret.ts', 'src/jobs/A.ts → lib/secret.ts'],
    ['cli/secret.ts', '../../cli/secret.ts', 'src/jobs/A.ts → cli/secret.ts'],
    ['local/secret.ts', '../../local/secret.ts', 'src/jobs/A.ts → local/secret.ts'],
  ])('%s, directly', async (file, path, chain) => {
    const root = temporaryProject({
      [file]: secret,
      'src/jobs/A.ts': jobFile('run() { return secret; }', imports(path)),
    });
    const failure = bundle(root);
    await expect(failure).rejects.toThrow(BundleWallError);
    await expect(failure).rejects.toThrow(`A's bundle would carry ${file}, which must not ship: ${chain}.`);
  });

  test('through a shared file, even when the import is shaken off', async () => {
    const root = temporaryProject({
      'lib/secret.ts': secret,
      'src/shared/middle.ts':
        "import { secret } from '../../lib/secret.ts';\nexport const unused = secret;\nexport const used = 1;",
      'src/jobs/A.ts': jobFile('run() { return used; }', "import { used } from '../shared/middle.ts';"),
    });
    await expect(bundle(root)).rejects.toThrow('src/jobs/A.ts → src/shared/middle.ts → lib/secret.ts');
  });

  const packageFiles = (name: string) => ({
    [`node_modules/${name}/package.json`]: `{"name":"${name}","type":"module","main":"index.js"}`,
    [`node_modules/${name}/index.js`]: secret,
    'src/jobs/A.ts': jobFile('run() { return secret; }', imports(name)),
  });

  test.each(['aws-cdk-lib', 'constructs'])('%s, even where dependencies list it', async (name) => {
    const root = temporaryProject({
      ...packageFiles(name),
      'package.json': `{"type":"module","dependencies":{"${name}":"1"}}`,
    });
    await expect(bundle(root)).rejects.toThrow(
      `src/jobs/A.ts → node_modules/${name}/index.js. ${name} is for synth`,
    );
  });

  test('a package that only devDependencies list', async () => {
    const files = packageFiles('@scope/dev');
    const root = temporaryProject({
      ...files,
      'package.json': '{"type":"module","devDependencies":{"@scope/dev":"1"}}',
    });
    await expect(bundle(root)).rejects.toThrow('npm install --save-prod @scope/dev');
  });

  test("a dependency's own dependency may ship", async () => {
    const root = temporaryProject({
      ...packageFiles('outer'),
      'package.json': '{"type":"module","dependencies":{"outer":"1"}}',
      'node_modules/outer/index.js': "export { secret } from 'inner';",
      'node_modules/inner/package.json': '{"name":"inner","type":"module","main":"index.js"}',
      'node_modules/inner/index.js': secret,
    });
    expect((await bundle(root)).jobs).toHaveLength(1);
  });
});

test('a module that is missing is named with its file and line, and is no bug of the app', async () => {
  const root = temporaryProject({
    'src/jobs/A.ts': jobFile("async run() { return import('left-pad'); }"),
  });
  const failure = bundle(root);
  await expect(failure).rejects.toThrow(SynthError);
  await expect(failure).rejects.toThrow(/src\/jobs\/A\.ts:3: Could not resolve "left-pad"/);
});

describe('warnings', () => {
  test('a bundle over budget names the three biggest packages; it is said again when nothing changed', async () => {
    const big = (name: string, kilobytes: number) => ({
      [`node_modules/${name}/package.json`]: `{"name":"${name}","type":"module","main":"index.js"}`,
      [`node_modules/${name}/index.js`]: `export const ${name} = '${'x'.repeat(kilobytes * 1024)}';`,
    });
    const root = temporaryProject({
      ...big('zod', 200),
      ...big('moment', 80),
      ...big('lodash', 40),
      ...big('tiny', 1),
      'package.json': '{"type":"module","dependencies":{"zod":"1","moment":"1","lodash":"1","tiny":"1"}}',
      'src/jobs/Big.ts': jobFile(
        'run() { return [zod, moment, lodash, tiny]; }',
        "import { zod } from 'zod'; import { moment } from 'moment'; import { lodash } from 'lodash'; import { tiny } from 'tiny';",
      ),
    });
    const { warnings } = await bundle(root);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /Big's bundle loads 3\d\d KB at its start, above the budget of 256 KB; biggest: zod 201 KB, moment 81 KB, lodash 41 KB/,
    );
    expect(warnings[0]).toContain("import * as z from 'zod/mini'");
    expect((await bundle(root)).warnings).toEqual(warnings);
  });

  test('the budget itself is within', () => {
    const output = (bytes: number) => ({
      bytes: 2 * bytes,
      inputs: { 'src/a.ts': { bytesInOutput: bytes }, 'src/later.ts': { bytesInOutput: bytes } },
      imports: [],
      exports: [],
    });
    const warningAt = (bytes: number) =>
      budgetWarning('A', output(bytes), new Set(['src/a.ts']), bundleBudgetBytes);
    expect(warningAt(bundleBudgetBytes)).toBeUndefined();
    expect(warningAt(bundleBudgetBytes + 1)).toContain("A's bundle loads 257 KB at its start");
  });

  test('what is imported by import() inside run does not count: it is loaded when it is needed', async () => {
    const big = "export const text = '".concat('x'.repeat(300 * 1024), "';");
    const root = temporaryProject({
      'src/shared/big.ts': big,
      'src/jobs/Later.ts': jobFile("async run() { return (await import('../shared/big.ts')).text; }"),
    });
    expect((await bundle(root)).warnings).toEqual([]);
    const together = temporaryProject({
      'src/shared/big.ts': big,
      'src/jobs/Now.ts': jobFile('run() { return text; }', "import { text } from '../shared/big.ts';"),
    });
    expect((await bundle(together)).warnings).toEqual([expect.stringContaining('biggest: src 301 KB')]);
  });

  test('an error that takes its name from its class', async () => {
    const root = temporaryProject({
      'src/shared/errors.ts':
        'export class Gone extends Error { constructor() { super(); this.name = this.constructor.name; } }',
      'src/jobs/A.ts': jobFile('run() { throw new Gone(); }', "import { Gone } from '../shared/errors.ts';"),
    });
    const { warnings } = await bundle(root);
    expect(warnings).toEqual([expect.stringContaining("src/shared/errors.ts reads a class's name")]);
  });
});
