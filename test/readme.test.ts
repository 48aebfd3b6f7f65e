import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { jobOptions, type OptionRow } from '../src/job/options.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts as Record<
  string,
  string
>;

const rows = Object.entries<OptionRow>(jobOptions);

/** The rows of the options table: option → [meaning, default, bounds]. */
const options = new Map(
  readme
    .slice(readme.indexOf('<!-- options'))
    .split('\n\n')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [option = '', ...cells] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', ''));
      return [option, cells] as const;
    }),
);

describe('the options table of the README', () => {
  test.each(rows)('gives the bounds and the default of %s', (option, row) => {
    const [, value, bounds] = options.get(option) ?? [];
    expect(value).toBe(String(row.default ?? 'none'));
    if ('min' in row) expect(bounds).toBe(`${row.min} to ${row.max}`);
  });

  test('says none where there is no default', () => {
    const withoutDefault = [...options].filter(
      ([option]) => !(option in jobOptions) && !['payload', 'compute'].includes(option),
    );
    expect(withoutDefault.map(([, cells]) => cells[1])).toEqual(withoutDefault.map(() => 'none'));
  });
});

test('every npm script the README names exists', () => {
  const named = [...readme.matchAll(/npm (?:run )?([a-z]+)/g)].map(([, name]) => name as string);
  const builtIn = new Set(['ci', 'run', 'install']);
  for (const name of new Set(named.filter((name) => !builtIn.has(name))))
    expect(Object.keys(scripts)).toContain(name);
});

test('every file the README links to exists', () => {
  for (const [, file] of readme.matchAll(/\]\((?!http|#)([^)#]+)/g)) {
    expect(() => readFileSync(join(root, file as string))).not.toThrow();
  }
});

test('every file that an example imports exists, from where the example stands', () => {
  const imported = [...readme.matchAll(/from '(\.[^']+)'/g)].map(([, file]) => file as string);
  expect(imported).not.toEqual([]);
  const isThere = (file: string) =>
    ['.', 'bin', 'src/jobs'].some((directory) => existsSync(join(root, directory, file)));
  expect(imported.filter((file) => !isThere(file))).toEqual([]);
});
