import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import type { ApiJob } from '../../src/api/apiJob.ts';
import type { ApiParts } from '../../src/api/app.ts';
import type { ApiEnv } from '../../src/api/caller.ts';
import { ownPagesFolder } from '../../src/api/pages.ts';
import { type ApiFixture, apiFixture, signer } from '../src/api/apiFixture.ts';

/** The pages, served by the API's own routes over HTTP; a store in memory stands for the jobs, a server for S3. */
export interface ServedPages {
  readonly url: string;
  readonly api: ApiFixture;
  /** What was uploaded: the form's fields, and the file. */
  readonly uploads: {
    readonly fields: Record<string, string>;
    readonly name: string;
    readonly content: string;
  }[];
  /** What was asked of the API, such as `GET /jobs/1`, with the token. */
  readonly requests: { readonly line: string; readonly token: string | undefined }[];
  /** What the host says of the caller. */
  caller: ApiEnv['Bindings'];
  /** Answers in place of the API, where it gives true. */
  fault: ((...parameters: Parameters<RequestListener>) => boolean) | undefined;
  /** Answers in place of S3. */
  s3Fault: RequestListener | undefined;
  /** Cuts what is open. */
  dropConnections(): void;
  close(): Promise<void>;
}

export async function servePages(parts: Partial<ApiParts> = {}): Promise<ServedPages> {
  const s3 = createServer((request, answer) => void answerAsS3(request, answer));
  const s3Url = await listen(s3);
  const api = apiFixture({
    jobs: pageJobs,
    pagesFolder: ownPagesFolder,
    now: Date.now,
    sleep: (ms) => sleep(ms / 10),
    files: {
      upload: async ({ key, contentType }) => ({
        url: `${s3Url}/files`,
        fields: { key, 'Content-Type': contentType, Policy: 'signed' },
        expiresAt: new Date(Date.now() + 900_000).toISOString(),
      }),
      download: async (key, { name }) => `${s3Url}/${key}?name=${encodeURIComponent(name ?? '')}`,
      origin: async () => s3Url,
    },
    ...parts,
  });
  const listener = getRequestListener((request) => api.app.fetch(request, served.caller));
  const server = createServer((request, answer) => {
    const { method, url, headers } = request;
    served.requests.push({ line: `${method} ${url}`, token: headers.authorization });
    if (served.fault?.(request, answer)) return;
    void listener(request, answer);
  });
  const served: ServedPages = {
    url: await listen(server),
    api,
    uploads: [],
    requests: [],
    caller: signer,
    fault: undefined,
    s3Fault: undefined,
    dropConnections: () => server.closeAllConnections(),
    async close() {
      for (const one of [server, s3]) {
        one.closeAllConnections();
        one.close();
      }
    },
  };
  return served;

  async function answerAsS3(...[request, answer]: Parameters<RequestListener>): Promise<void> {
    answer.setHeader('access-control-allow-origin', '*');
    if (request.method === 'OPTIONS')
      return void answer.writeHead(204, { 'access-control-allow-headers': '*' }).end();
    if (served.s3Fault !== undefined) return served.s3Fault(request, answer);
    if (request.method === 'POST') {
      served.uploads.push(await uploadIn(request));
      return void answer.writeHead(204).end();
    }
    const name = new URL(request.url ?? '', s3Url).searchParams.get('name') ?? '';
    const disposition = `attachment; filename*=UTF-8''${encodeURIComponent(name)}`;
    answer
      .writeHead(200, { 'content-type': 'application/pdf', 'content-disposition': disposition })
      .end('%PDF-1.7 …');
  }
}

const pageJobs: readonly ApiJob[] = [
  { name: 'GreetingJob', maxAttempts: 5 },
  {
    name: 'DocumentJob',
    uploads: { contentTypes: ['text/plain', 'text/csv'], maxBytes: 10_485_760 },
    maxAttempts: 3,
  },
  { name: 'PictureJob', uploads: { contentTypes: ['image/png'], maxBytes: 1000 }, maxAttempts: 3 },
  {
    name: 'InvoiceJob', // the upload page cannot start it: it wants more than a file
    payloadSchema: {
      type: 'object',
      properties: { upload: { type: 'string' }, invoiceId: { type: 'string' } },
      required: ['upload', 'invoiceId'],
    },
    uploads: { contentTypes: ['text/plain'], maxBytes: 1000 },
    maxAttempts: 3,
  },
];

async function uploadIn(request: IncomingMessage): Promise<ServedPages['uploads'][number]> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const form = await new Response(ReadableStream.from(request) as never, { headers }).formData();
  const fields: Record<string, string> = {};
  for (const [name, value] of form) if (typeof value === 'string') fields[name] = value;
  const file = form.get('file') as File;
  return { fields, name: file.name, content: await file.text() };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
