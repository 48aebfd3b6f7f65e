import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { bundleOptions, externals } from '../lib/bundle/build.ts';
import { type Measure, median } from './measure.ts';

const root = resolve(import.meta.dirname, '..');

/** The source files of the runtime in a job's bundle. */
const own = /^src\/(runtime|job|message|idempotency|tracking)\//;

/** Those of them that fetch a large payload; they have a measure of their own. */
const claimCheck = /^src\/(runtime\/fetchPayload|message\/pointer)\.ts$/;

/** The size of what ships, and the time to load it. */
export const bundleMeasures: Measure[] = [
  {
    name: 'bundle-runtime-bytes',
    peer: 'Powertools Batch, minified as NodejsFunction does it (CommonJS)',
    target: '≤ 1',
    of: 'minified bytes beyond the job, its schema library and the Logger',
    ratio: async () => {
      const ours = await bundled(jobEntry("import job from './bench/jobs/GreetingJob.ts'"));
      const peer = await bundled(batchEntry, { format: 'cjs' });
      return bytesOf(ours, (file) => own.test(file) && !claimCheck.test(file)) / Buffer.byteLength(peer.code);
    },
  },
  {
    name: 'bundle-claim-check-bytes',
    peer: 'a budget of 1 KB',
    target: '≤ 1',
    of: 'minified bytes of the code that fetches a large payload, which every bundle has and Batch has not',
    ratio: async () => {
      const ours = await bundled(jobEntry("import job from './bench/jobs/GreetingJob.ts'"));
      return bytesOf(ours, (file) => claimCheck.test(file)) / 1024;
    },
  },
  {
    name: 'bundle-greeting-bytes',
    peer: 'a budget of 48 KB',
    target: '≤ 1',
    of: "bytes of GreetingJob's whole bundle, Logger and zod/mini included",
    ratio: async () => {
      const { code } = await bundled(jobEntry("import job from './bench/jobs/GreetingJob.ts'"));
      return Buffer.byteLength(code) / (48 * 1024);
    },
  },
  {
    name: 'bundle-runtime-init',
    peer: 'the Powertools Logger alone',
    target: '≤ 1.09', // Powertools Batch adds 0.5 ms to the Logger's 5.5 ms, which is 9 %
    of: 'time to import a no-op job with its Logger, in a fresh process',
    ratio: async () => {
      const plain = "import { defineJob } from './src/job/index.ts'; const job = defineJob({ run() {} })";
      return initRatio((await bundled(jobEntry(plain))).code, (await bundled(loggerEntry)).code);
    },
  },
];

function jobEntry(job: string): string {
  return `${job}; import { createHandler } from './src/runtime/handler.ts'; export const handler = createHandler(job, 'Job');`;
}

const batchEntry = `
  import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
  const processor = new BatchProcessor(EventType.SQS);
  const run = async (record) => JSON.parse(record.body);
  export const handler = (event, context) => processPartialResponse(event, run, processor, { context });
`;

const loggerEntry = `
  import { Logger } from '@aws-lambda-powertools/logger';
  export const logger = new Logger({ serviceName: 'Job' });
`;

interface Bundled {
  readonly code: string;
  readonly inputs: Metafile['outputs'][string]['inputs'];
}

async function bundled(contents: string, overrides: BuildOptions = {}): Promise<Bundled> {
  const options: BuildOptions = {
    ...bundleOptions,
    external: externals.lambda,
    ...overrides,
    sourcemap: false,
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, loader: 'ts' },
    outfile: 'index.mjs',
    metafile: true,
    write: false,
  };
  const { outputFiles = [], metafile } = await build(options);
  const [output] = Object.values(metafile?.outputs ?? {});
  return { code: outputFiles[0]?.text ?? '', inputs: output?.inputs ?? {} };
}

function bytesOf({ inputs }: Bundled, counts: (file: string) => boolean): number {
  return Object.entries(inputs)
    .filter(([file]) => counts(file))
    .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
}

/** Imports both in turn, each in thirty fresh processes, and divides the median times. */
async function initRatio(ours: string, peers: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'serverless-jobs-init-'));
  try {
    const files = [join(directory, 'ours.mjs'), join(directory, 'peer.mjs')] as const;
    await writeFile(files[0], ours);
    await writeFile(files[1], peers);
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < 30; round++) {
      times[0].push(await importMs(files[0]));
      times[1].push(await importMs(files[1]));
    }
    return median(times[0]) / median(times[1]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function importMs(file: string): Promise<number> {
  const script = `const t = performance.now(); await import(${JSON.stringify(file)}); console.log(performance.now() - t)`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await once(child, 'close');
  return Number(output);
}
