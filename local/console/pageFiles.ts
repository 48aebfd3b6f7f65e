import { readFile } from 'node:fs/promises';

/** A file of the page, in memory. */
export interface PageFile {
  readonly type: string;
  readonly content: string;
}

/** All there is below `/app/`. A request's path is looked up here and never becomes a path of the file system. */
const names = [
  'alarms.js',
  'board.js',
  'boardRow.js',
  'connection.js',
  'dialog.js',
  'dom.js',
  'format.js',
  'icon.svg',
  'index.html',
  'log.js',
  'logLine.js',
  'mailbox.js',
  'main.js',
  'problems.js',
  'publishForm.js',
  'queueDialog.js',
  'schedules.js',
  'sparkline.js',
  'base.css',
  'board.css',
  'panels.css',
];

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = names.map(async (name): Promise<[string, PageFile]> => {
    const content = await readFile(new URL(`app/${name}`, import.meta.url), 'utf8');
    return [name, { type: types[name.split('.').at(-1) ?? ''] ?? 'text/plain', content }];
  });
  return new Map(await Promise.all(files));
}
