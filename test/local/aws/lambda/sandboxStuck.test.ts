import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createFunction } from '../../../../local/aws/lambda/function.ts';

/** The rejection is reported as the invocation's error, and then the process is to exit. */
const blocksOnItsWayOut = `
process.on('exit', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
export const handler = ({ reject }) => {
  if (!reject) return process.pid;
  void Promise.reject(new Error('nobody listens'));
  return new Promise(() => {});
};`;

test('a process that hangs after its answer is replaced when it is needed again', async () => {
  const codeDirectory = await mkdtemp(join(tmpdir(), 'stuck-'));
  await writeFile(join(codeDirectory, 'index.mjs'), blocksOnItsWayOut);
  const fn = createFunction(
    {
      functionName: 'jobs-dev-Stuck',
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:jobs-dev-Stuck',
      handler: 'index.handler',
      codeDirectory,
      timeoutSeconds: 20,
      memoryMb: 128,
      environment: {},
      endpoint: 'http://127.0.0.1:9',
      region: 'us-east-1',
    },
    { onLog: () => undefined },
  );
  try {
    const [pid] = [await fn.invoke('{}')].map((result) => ('payload' in result ? result.payload : ''));
    expect(await fn.invoke('{"reject":true}')).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
    });
    const next = await fn.invoke('{}');
    expect(next).toMatchObject({ status: 'ok', coldStart: true });
    expect((next as { payload: string }).payload).not.toBe(pid);
  } finally {
    await fn.stop({ drainMs: 0 });
    await rm(codeDirectory, { recursive: true });
  }
}, 60_000);
