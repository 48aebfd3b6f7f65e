import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LocalVariablesError, readLocalVariables } from '../../../local/platform/localVariables.ts';
import { type Platform, startPlatform } from '../../../local/platform/platform.ts';
import { eventually } from '../aws/fixtures/assembly/eventually.ts';
import { jobResources, topicResource, writeAssembly } from '../aws/fixtures/assembly/writeAssembly.ts';

let root: string;
let platform: Platform | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'local-variables-'));
});
afterEach(async () => {
  await platform?.stop({ drainMs: 0 });
  platform = undefined;
  await rm(root, { recursive: true, force: true });
});

test('are those of .env.local; without the file there are none', async () => {
  expect(await readLocalVariables(root)).toEqual({});
  await writeFile(join(root, '.env.local'), '# mine\nTABLE="friends of mine"\nEMPTY=\n');
  expect(await readLocalVariables(root)).toEqual({ TABLE: 'friends of mine', EMPTY: '' });
});

test.each(['AWS_REGION', 'JOB_QUEUE_URL', 'LAMBDA_TASK_ROOT', '_HANDLER'])('cannot set %s', async (name) => {
  await writeFile(join(root, '.env.local'), `${name}=x\n`);
  await expect(readLocalVariables(root)).rejects.toThrow(LocalVariablesError);
  await expect(readLocalVariables(root)).rejects.toThrow(name);
});

test('may begin with LAMBDA_, as in a job file', async () => {
  await writeFile(join(root, '.env.local'), 'LAMBDA_ENDPOINT=http://127.0.0.1:3001\n');
  expect(await readLocalVariables(root)).toEqual({ LAMBDA_ENDPOINT: 'http://127.0.0.1:3001' });
});

test('replace a function’s own and add to them', async () => {
  const lines: string[] = [];
  const resources = jobResources('Job', 'code');
  const Environment = { Variables: { TABLE: 'template', KEPT: 'template' } };
  Object.assign(resources.JobFunction?.Properties ?? {}, { Environment });
  platform = await startPlatform({
    assemblyDirectory: await writeAssembly(
      join(root, 'cdk.out'),
      { test: { Resources: { ...topicResource, ...resources } } },
      {
        code: `export const handler = async () => {
          const { TABLE, KEPT, MORE } = process.env;
          console.log([TABLE, KEPT, MORE].join(' '));
          return { batchItemFailures: [] };
        };`,
      },
    ),
    stateDirectory: join(root, '.local'),
    port: 0,
    localVariables: { TABLE: 'mine', MORE: 'more' },
    onEvent: (event) => void (event.type === 'log' && lines.push(event.line.text)),
  });
  await platform.publish({ jobName: 'Job', payload: {} });
  await eventually('the job logs its variables', () => lines.includes('mine template more'));
});
