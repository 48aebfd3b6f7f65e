import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AssemblyError, readAssembly } from '../../../../local/aws/assembly/assembly.ts';
import { writeAssembly } from '../fixtures/assembly/writeAssembly.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'assembly-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('reads every stack with its template and assets', async () => {
  await writeAssembly(directory, { one: { Resources: { A: { Type: 'X' } } }, two: {} }, { abc123: '' });
  const { stacks } = await readAssembly(directory);
  expect(stacks.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(stacks[0]?.template.Resources).toEqual({ A: { Type: 'X' } });
  expect(stacks[0]?.assets.get('abc123')).toBe(join(directory, 'asset.abc123'));
});

test('reads the stacks of nested assemblies', async () => {
  await writeAssembly(join(directory, 'assembly-prod'), { inner: {} });
  const artifacts = { prod: { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-prod' } } };
  await writeFile(join(directory, 'manifest.json'), JSON.stringify({ artifacts }));
  expect((await readAssembly(directory)).stacks.map(({ name }) => name)).toEqual(['inner']);
});

test('says which file is missing or broken', async () => {
  await expect(readAssembly(directory)).rejects.toThrow(AssemblyError);
  await expect(readAssembly(directory)).rejects.toThrow(/manifest\.json cannot be read/);
  await writeAssembly(directory, { one: {} });
  await writeFile(join(directory, 'one.template.json'), '{');
  await expect(readAssembly(directory)).rejects.toThrow(/one\.template\.json is not JSON/);
});
