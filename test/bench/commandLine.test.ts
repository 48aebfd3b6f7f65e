import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const bench = join(import.meta.dirname, '../../bench');

function run(file: string, ...options: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(bench, file), ...options], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test.each(['run.ts', 'soak.ts'])('%s says how it is used', (file) => {
  const { status, stdout, stderr } = run(file, '--help');
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Usage: npm run (bench|soak) -- \[options\]/);
});

test.each([
  ['run.ts', ['--what'], /^error: unknown option '--what'\n$/],
  ['run.ts', ['--only', 'nothing'], /^There is no measure 'nothing'\. There are: .*\n$/],
  ['soak.ts', ['--what'], /^error: unknown option '--what'\n$/],
  ['soak.ts', ['--jobs', '0'], /^error: option '--jobs <number>'.* from 1 to 1000000\.\n$/],
  ['soak.ts', ['--seed', 'x'], /^error: option '--seed <number>'.* from 1 to 2147483647\.\n$/],
])('%s %j is refused in a line, with exit code 2', (file, options, message) => {
  const { status, stderr } = run(file, ...options);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});
