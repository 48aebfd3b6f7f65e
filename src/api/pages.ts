import { readdir, readFile } from 'node:fs/promises';
import type { Handler } from 'hono';
import type { ApiLogger } from './app.ts';
import type { ApiEnv } from './caller.ts';
import type { FileLinks } from './fileLinks.ts';
import { Problem } from './problem.ts';

interface PageParts {
  readonly files: Pick<FileLinks, 'origin'>;
  readonly logger: ApiLogger;
  /** The folder of the pages' files. Only files directly in it are served. */
  readonly pagesFolder: URL;
}

/** The folder of the pages: beside this file, and beside the bundle. */
export const ownPagesFolder = new URL('./pages/', import.meta.url);

/**
 * `GET /pages/{file}`: the files of the pages. `upload` stands for `upload.html`. A request's path is looked up in the
 * list of files, and never used as a path of the file system.
 */
export function pages({ files, logger, pagesFolder }: PageParts): Handler<ApiEnv> {
  let loading: Promise<ReadonlyMap<string, PageFile>> | undefined;
  let policy: Promise<string> | undefined;

  return async (c) => {
    loading ??= readPages(pagesFolder);
    const loaded = await loading;
    const name = c.req.param('file') ?? '';
    const file = loaded.get(name) ?? loaded.get(`${name}.html`);
    if (file === undefined) throw new Problem('not-found', 'There is no such page.');
    policy ??= files.origin().then(contentSecurityPolicy, withoutOrigin);
    return c.body(file.content, 200, {
      'content-type': file.type,
      'cache-control': 'private, no-cache',
      'content-security-policy': await policy,
    });
  };

  function withoutOrigin(error: unknown): string {
    policy = undefined;
    logger.warn('where files are is not known, so this page cannot upload', { error });
    return contentSecurityPolicy();
  }
}

interface PageFile {
  readonly type: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

async function readPages(folder: URL): Promise<ReadonlyMap<string, PageFile>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.flatMap((entry): Promise<[string, PageFile]>[] => {
    const type = types[/\.(\w+)$/.exec(entry.name)?.[1] ?? ''];
    return entry.isFile() && type !== undefined ? [readPage(folder, entry.name, type)] : [];
  });
  return new Map(await Promise.all(files));
}

async function readPage(folder: URL, name: string, type: string): Promise<[string, PageFile]> {
  return [name, { type, content: new Uint8Array(await readFile(new URL(encodeURIComponent(name), folder))) }];
}

/** The types that are served. Other files, such as an editor's tsconfig.json, are not part of a page. */
const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Allows scripts, styles and requests of the API's own origin only, and requests to S3 for files. */
function contentSecurityPolicy(filesOrigin = ''): string {
  return [
    "default-src 'self'",
    `connect-src 'self' ${filesOrigin}`.trim(),
    "base-uri 'none'",
    "object-src 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
