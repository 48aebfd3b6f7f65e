import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { allSucceeded, postJson, schedule, type TrackedPlatform } from './platform.ts';

const bytes = 100 * 1024 * 1024;

/**
 * The API function's largest resident set during an upload and after it, over the one before. A run before that does
 * all the same with a small file, so that what the function loads once is loaded.
 */
export async function uploadMemoryRatio({ apiUrl }: TrackedPlatform): Promise<number> {
  for (let round = 0; round < 20; round++) await upload(apiUrl, 1024);
  await allSucceeded(apiUrl, [await schedule(apiUrl)]);
  const pids = await sandboxPids();
  const before = await residentKilobytes(pids);
  let isUploading = true;
  const uploaded = upload(apiUrl, bytes).finally(() => {
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

/** Of the API's function and of the job's. */
async function sandboxPids(): Promise<string[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid = '', parent, ...words] = line.trim().split(/\s+/);
    return Number(parent) === process.pid && words.join(' ').includes('bootstrap.mjs') ? [pid] : [];
  });
}

async function residentKilobytes(pids: readonly string[]): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', pids.join(',')]);
  return stdout
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0);
}

const run = promisify(execFile);
