import { execFile } from 'node:child_process';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { bundleApi } from '../lib/bundle/apiBundle.ts';
import { apiBudgetBytes } from '../lib/bundle/newBundle.ts';
import { discoverJobs } from '../lib/discovery/discovery.ts';
import type { Platform } from '../local/platform/platform.ts';
import { type Measure, median, percentile99 } from './measure.ts';
import { postJson, withPlatform } from './platform.ts';

const requestsPerSecond = 200;
const budgetMs = 20;
const writesOfAJob = 2;

/** Tracking and its API, on the local platform. */
export const statusMeasures: Measure[] = [
  {
    name: 'status-read-p99',
    peer: `a budget of ${budgetMs} ms`,
    target: '≤ 1',
    of: `p99 of GET /jobs/{jobId} at ${requestsPerSecond} requests a second through the real function, median of three times 5 s`,
    ratio: () => withTrackedPlatform(readRatio),
  },
  {
    name: 'api-bundle-bytes',
    peer: `a budget of ${apiBudgetBytes / 1024} KB`,
    target: '≤ 1',
    of: "bytes of the API's whole bundle, Logger and hono included; the AWS SDK is the runtime's",
    ratio: bundleRatio,
  },
  {
    name: 'tracking-writes',
    peer: `${writesOfAJob} writes a job`,
    target: '≤ 1',
    of: 'writes to DynamoDB by a tracked job that succeeds, as the engine counts them',
    ratio: () => withTrackedPlatform(writesRatio),
  },
  {
    name: 'upload-memory',
    peer: 'itself before the upload',
    target: '≤ 1.2',
    of: "the API function's largest resident set while 100 MiB are uploaded by a presigned POST",
    ratio: () => withTrackedPlatform(uploadMemoryRatio),
  },
];

interface TrackedPlatform {
  readonly platform: Platform;
  /** Without a slash at its end. */
  readonly apiUrl: string;
}

const trackedJob = `import { defineJob } from '../job/index.ts';
export default defineJob({
  track: true,
  uploads: { contentTypes: ['application/octet-stream'] },
  run: () => ({ pages: 10 }),
});
`;

/** The platform has one job that tracks and takes uploads, and so it has an API. */
function withTrackedPlatform(measure: (tracked: TrackedPlatform) => Promise<number>): Promise<number> {
  return withPlatform({ 'TrackedJob.ts': trackedJob }, async (platform) => {
    const { apiUrl } = await platform.snapshot();
    if (apiUrl === undefined) throw new Error('the platform has no API, although a job tracks');
    return await measure({ platform, apiUrl });
  });
}

/** Schedules a job and gives its ID. */
async function schedule(apiUrl: string): Promise<string> {
  const { jobId } = (await postJson(`${apiUrl}/jobs/TrackedJob`, {})) as { jobId: string };
  return jobId;
}

/** Resolves once the jobs have succeeded. */
async function allSucceeded(apiUrl: string, jobIds: readonly string[]): Promise<void> {
  for (const jobId of jobIds) {
    for (let state = ''; state !== 'succeeded'; ) {
      ({ state } = (await (await fetch(`${apiUrl}/jobs/${jobId}`)).json()) as { state: string });
      if (state === 'dead') throw new Error(`the job ${jobId} is dead`);
    }
  }
}

async function readRatio({ apiUrl }: TrackedPlatform): Promise<number> {
  const jobIds = await Promise.all(Array.from({ length: 20 }, () => schedule(apiUrl)));
  await allSucceeded(apiUrl, jobIds);
  await readSteadily(apiUrl, jobIds, 6 * requestsPerSecond);
  const windows: number[] = [];
  for (let window = 0; window < 3; window++) {
    windows.push(percentile99(await readSteadily(apiUrl, jobIds, 5 * requestsPerSecond)));
  }
  return median(windows) / budgetMs;
}

/**
 * Sends each request at its time, whether or not the earlier ones are answered, and counts from that time: a request that
 * stalls makes the later ones late too, as it does for real callers.
 */
async function readSteadily(apiUrl: string, jobIds: readonly string[], count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const startMs = performance.now();
  const answers: Promise<number>[] = [];
  for (let index = 0; index < count; index++) {
    const dueMs = startMs + (index * 1000) / requestsPerSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const url = `${apiUrl}/jobs/${jobIds[index % jobIds.length]}`;
    answers.push(answered(url, agent).then(() => performance.now() - dueMs));
  }
  const times = await Promise.all(answers);
  agent.destroy();
  return times;
}

function answered(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`GET ${url}: HTTP ${response.statusCode}`));
      response.resume().once('end', resolve);
    }).once('error', reject);
  });
}

async function bundleRatio(): Promise<number> {
  const { jobs } = await discoverJobs(join(import.meta.dirname, 'jobs'));
  const { apiBundle } = await bundleApi(jobs);
  if (apiBundle === undefined) throw new Error('no job in bench/jobs tracks');
  return apiBundle.bytes / apiBudgetBytes;
}

/** Publishes straight to the topic: scheduled by the API, a job would have one more write, which is the API's. */
async function writesRatio({ platform, apiUrl }: TrackedPlatform): Promise<number> {
  let writes = 0;
  platform.setFaults(({ service, action }) => {
    if (service === 'dynamodb' && /^(Put|Update|Delete|BatchWrite|TransactWrite)/.test(action)) writes += 1;
    return undefined;
  });
  const jobIds = Array.from({ length: 50 }, (_, index) => `job-${index}`);
  for (const jobId of jobIds) {
    await platform.publish({ jobName: 'TrackedJob', payload: {}, attributes: { jobId } });
  }
  await allSucceeded(apiUrl, jobIds);
  return writes / jobIds.length / writesOfAJob;
}

/**
 * The API function's largest resident set during an upload and after it, divided by the one before. Uploads of a small
 * file come first: whatever the function loads once is loaded then.
 */
async function uploadMemoryRatio({ apiUrl }: TrackedPlatform): Promise<number> {
  for (let round = 0; round < 20; round++) await upload(apiUrl, 1024);
  await allSucceeded(apiUrl, [await schedule(apiUrl)]);
  const pids = await sandboxPids();
  const before = await residentKilobytes(pids);
  let isUploading = true;
  const uploaded = upload(apiUrl, 100 * 1024 * 1024).finally(() => {
    isUploading = false;
  });
  let largest = 0;
  do largest = Math.max(largest, await residentKilobytes(pids));
  while (isUploading);
  await uploaded;
  await allSucceeded(apiUrl, [await schedule(apiUrl)]);
  return Math.max(largest, await residentKilobytes(pids)) / before;
}

interface Form {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

async function upload(apiUrl: string, size: number): Promise<void> {
  const contentType = 'application/octet-stream';
  const file = { name: 'file.bin', contentType, bytes: size };
  const { url, fields } = (await postJson(`${apiUrl}/jobs/TrackedJob/uploads`, file)) as Form;
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new Blob([Buffer.alloc(size)], { type: contentType }), file.name);
  const response = await fetch(url, { method: 'POST', body: form });
  if (!response.ok)
    throw new Error(`the upload was refused: HTTP ${response.status}: ${await response.text()}`);
}

/** The process IDs of the API's function and of the job's. */
async function sandboxPids(): Promise<string[]> {
  const { stdout } = await runProgram('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid = '', parent, ...words] = line.trim().split(/\s+/);
    return Number(parent) === process.pid && words.join(' ').includes('bootstrap.mjs') ? [pid] : [];
  });
}

async function residentKilobytes(pids: readonly string[]): Promise<number> {
  const { stdout } = await runProgram('ps', ['-o', 'rss=', '-p', pids.join(',')]);
  return stdout
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0);
}

const runProgram = promisify(execFile);
