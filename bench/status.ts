import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleApi } from '../lib/bundle/apiBundle.ts';
import { apiBudgetBytes } from '../lib/bundle/newBundle.ts';
import { discoverJobs } from '../lib/discovery/discovery.ts';
import { type Measure, median } from './measure.ts';
import { allSucceeded, schedule, type TrackedPlatform, withTrackedPlatform } from './trackedPlatform.ts';
import { uploadMemoryRatio } from './uploadMemory.ts';

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
    peer: 'itself before it',
    target: '≤ 1.2',
    of: "the API function's largest resident set while 100 MiB are uploaded by a presigned POST",
    ratio: () => withTrackedPlatform(uploadMemoryRatio),
  },
];

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
 * Sends each request at its time, whether or not those before are answered, and counts from that time: one that stalls
 * does not spare those behind it.
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

/** Published straight to the topic: the record that the API makes first is no part of the job's path. */
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

function percentile99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] as number;
}
