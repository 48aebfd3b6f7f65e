import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import { repository, temporaryProject } from './lib/project.ts';

test('callers are checked wherever they are, what was made by a tool is not', () => {
  const made = ['cdk.out/asset/a.ts', 'cdk.out.7/a.ts', '.local/a.ts', '.cache/a.ts', 'coverage/a.ts'];
  const installed = ['node_modules/a/index.ts', 'web/node_modules/a/index.ts'];
  const callers = ['send.ts', 'web/server.ts'];
  const root = temporaryProject(
    Object.fromEntries([...made, ...installed, ...callers].map((file) => [file, 'export {};'])),
  );
  cpSync(join(repository, 'tsconfig.json'), join(root, 'tsconfig.json'));
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const options = ['-p', root, '--listFilesOnly', '--types', ''];
  const files = execFileSync(process.execPath, [tsc, ...options], { encoding: 'utf8' }).split('\n');
  const checked = files.map((file) => relative(root, file)).filter((file) => !file.startsWith('src/'));
  expect(checked).toEqual(expect.arrayContaining(callers));
  for (const file of [...made, ...installed]) expect(checked).not.toContain(file);
});
