import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { jobOptions, type OptionRow } from '../src/job/options.ts';

const root = join(import.meta.dirname, '..');
const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: root })];
const text = (page: string) => readFileSync(join(root, page), 'utf8');
const readme = text('README.md');
const jobs = text('docs/jobs.md');
const scripts = JSON.parse(text('package.json')).scripts as Record<string, string>;

const rows = Object.entries<OptionRow>(jobOptions);

/** The rows of the options table: option → [meaning, default, bounds]. */
const options = new Map(
  jobs
    .slice(jobs.indexOf('<!-- options'))
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

describe('the table of options', () => {
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

test('the README fits on a few screens', () => {
  expect(readme.split('\n').length).toBeLessThanOrEqual(200);
});

test.each(pages)('every link in %s leads somewhere', (page) => {
  for (const [, file = '', anchor] of text(page).matchAll(/\]\((?!http)([^)#]*)(?:#([^)]+))?\)/g)) {
    const target = file === '' ? page : join(dirname(page), file);
    expect([target, existsSync(join(root, target))]).toEqual([target, true]);
    if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor);
  }
});

test.each(pages)('every file that an example in %s imports exists, from where the example stands', (page) => {
  const imported = [...text(page).matchAll(/from '(\.[^']+\.ts)'/g)].map(([, file]) => file as string);
  const isThere = (file: string) =>
    ['.', 'bin', 'src/jobs', 'test/src/jobs'].some((directory) => existsSync(join(root, directory, file)));
  expect(imported.filter((file) => !isThere(file))).toEqual([]);
});

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
