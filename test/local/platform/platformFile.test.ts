import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  claimDirectory,
  type PlatformFile,
  PlatformRunningError,
  refuseIfRunning,
  StateDirectoryError,
} from '../../../local/platform/platformFile.ts';

let directory: string;
let server: Server;
let endpoint: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claim-'));
  server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

const content = (speed: number): PlatformFile => ({
  endpoint,
  region: 'us-east-1',
  topicArn: 't',
  consoleUrl: null,
  apiUrl: null,
  filesBucket: null,
  speed,
  jobs: {},
});

test('writes whole files and leaves nothing behind', async () => {
  const claim = await claimDirectory(directory, endpoint);
  await claim.write(content(1));
  await claim.write(content(2));
  expect(JSON.parse(await readFile(join(directory, 'platform.json'), 'utf8'))).toEqual(content(2));
  await claim.remove();
  expect(existsSync(join(directory, 'platform.json'))).toBe(false);
  await claim.release();
  expect(await readdir(directory)).toEqual([]);
});

test('refuses a directory whose platform is alive, and says which', async () => {
  const claim = await claimDirectory(directory, endpoint);
  await expect(claimDirectory(directory, 'http://127.0.0.1:1')).rejects.toThrow(PlatformRunningError);
  await expect(refuseIfRunning(directory)).rejects.toThrow(new RegExp(`process ${process.pid}, ${endpoint}`));
  await claim.release();
  await (await claimDirectory(directory, endpoint)).release();
});

test('replaces what a killed platform left, its process gone or its port closed', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await writeFile(join(directory, 'platform.json'), '{}');
  await writeFile(join(directory, 'platform.lock'), JSON.stringify({ pid, endpoint }));
  const claim = await claimDirectory(directory, endpoint);
  expect(existsSync(join(directory, 'platform.json'))).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  const next = await claimDirectory(directory, endpoint); // this very process, but nobody listens
  await next.release();
  await claim.release();
  for (const lock of ['half writ', 'null', JSON.stringify({ pid: process.pid, endpoint: 'nowhere' })]) {
    await writeFile(join(directory, 'platform.lock'), lock);
    await (await claimDirectory(directory, endpoint)).release();
  }
});

test('what is no directory is said in a line', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  const error = await claimDirectory(file, endpoint).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(StateDirectoryError);
  expect(error).toMatchObject({ message: expect.stringContaining(file), cause: { code: 'EEXIST' } });
});

test('is removed when the process ends without a stop', async () => {
  const file = join(import.meta.dirname, '../../../local/platform/platformFile.ts');
  const program = `
    const { claimDirectory } = await import(${JSON.stringify(file)});
    const claim = await claimDirectory(${JSON.stringify(directory)}, 'http://127.0.0.1:1');
    await claim.write(${JSON.stringify(content(1))});
    const { readdirSync } = await import('node:fs');
    console.log(readdirSync(${JSON.stringify(directory)}).length);
    throw new Error('crash');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  expect([output.trim(), code]).toEqual(['2', 1]);
  expect(await readdir(directory)).toEqual([]);
});
