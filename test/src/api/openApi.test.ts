import { Validator } from '@cfworker/json-schema';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { openApiDocument } from '../../../src/api/openApi.ts';
import { problemKinds } from '../../../src/api/problem.ts';
import { namedSchemas } from '../../../src/api/schemas.ts';
import { type ApiFixture, apiFixture, type Init, scheduled, testJobs } from './apiFixture.ts';

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Content };
  readonly responses: Record<string, { readonly content?: Content }>;
}

type Content = Record<string, { readonly schema: object }>;

let api: ApiFixture;
let document: Document;
const ids: Record<string, string> = {};

beforeAll(async () => {
  api = apiFixture({ streams: false });
  document = (await (await api.request('/openapi.json')).json()) as Document;
  for (const state of ['queued', 'running', 'retrying', 'succeeded', 'dead', 'cancelled'] as const) {
    ids[state] = await scheduled(api);
    api.store.change(ids[state], { state });
  }
  const at = '2026-01-01T12:00:00.000Z';
  api.store.change(ids.running ?? '', {
    attempt: 1,
    startedAt: at,
    progress: { fraction: 0.5, text: 'half', at },
  });
  const reason = { name: 'TypeError', message: 'no' };
  api.store.change(ids.retrying ?? '', { reason, nextAttemptAt: at, isCancelRequested: false });
  api.store.change(ids.dead ?? '', { reason, endedAt: at });
  api.store.change(ids.succeeded ?? '', { result: { sum: 3 }, endedAt: at });
});

const greeting = { body: { friendName: 'Hank' } };
const reused = { ...greeting, headers: { 'idempotency-key': 'one' } };
const upload = { body: { name: 'a.txt', contentType: 'text/plain', bytes: 10 } };

/** The path in the document, the status, and a request that gets there; `<state>` is the ID of a job in that state. */
const answers: [template: string, status: number, path?: string | undefined, init?: Init][] = [
  ['/jobs/GreetingJob', 202, undefined, greeting],
  ['/jobs/GreetingJob', 400, undefined, { body: '{' }],
  ['/jobs/GreetingJob', 202, undefined, reused],
  ['/jobs/GreetingJob', 409, undefined, { ...reused, body: { friendName: 'Ida' } }],
  ['/jobs/GreetingJob', 413, undefined, { body: 'x'.repeat(7 * 1024 * 1024) }],
  ['/jobs/GreetingJob', 415, undefined, { ...greeting, headers: { 'content-type': 'text/plain' } }],
  ['/jobs/GreetingJob', 422, undefined, { body: {} }],
  ['/jobs/GreetingJob', 401, undefined, { ...greeting, caller: {} }],
  ['/jobs/DocumentJob/uploads', 201, undefined, upload],
  ['/jobs/DocumentJob/uploads', 413, undefined, { body: { ...upload.body, bytes: 1001 } }],
  ['/jobs/DocumentJob/uploads', 415, undefined, { body: { ...upload.body, contentType: 'text/html' } }],
  ['/jobs/DocumentJob/uploads', 422, undefined, { body: {} }],
  ['/jobs', 200, '/jobs?jobName=GreetingJob&limit=3'],
  ['/jobs', 200, '/jobs?jobName=GreetingJob&limit=100'],
  ['/jobs', 400, '/jobs'],
  ['/jobs', 404, '/jobs?jobName=NopeJob'],
  ...Object.keys({ queued: 0, running: 0, retrying: 0, succeeded: 0, dead: 0, cancelled: 0 }).map(
    (state): [string, number, string] => ['/jobs/{jobId}', 200, `/jobs/<${state}>`],
  ),
  ['/jobs/{jobId}', 304, '/jobs/<dead>', { headers: { 'if-none-match': '*' } }],
  ['/jobs/{jobId}', 400, '/jobs/%00'],
  ['/jobs/{jobId}', 404, '/jobs/nope'],
  ['/jobs/{jobId}', 202, '/jobs/<running>', { method: 'DELETE' }],
  ['/jobs/{jobId}', 200, '/jobs/<cancelled>', { method: 'DELETE' }],
  ['/jobs/{jobId}', 200, '/jobs/unbegun?jobName=GreetingJob', { method: 'DELETE' }],
  ['/jobs/{jobId}', 404, '/jobs/nope?jobName=NopeJob', { method: 'DELETE' }],
  ['/jobs/{jobId}', 409, '/jobs/<dead>', { method: 'DELETE' }],
  ['/jobs/{jobId}/events', 200, '/jobs/<running>/events'],
  ['/jobs/{jobId}/events', 404, '/jobs/nope/events'],
  ['/jobs/{jobId}/result', 200, '/jobs/<succeeded>/result'],
  ['/jobs/{jobId}/result', 409, '/jobs/<running>/result'],
  ['/jobs/{jobId}/result', 410, '/jobs/<dead>/result'],
  ['/jobs/{jobId}/result', 410, '/jobs/<cancelled>/result'],
];

describe('the OpenAPI document', () => {
  test.each(answers)(
    '%s has the answer %i of %s as it is',
    async (template, status, path = template, init = {}) => {
      const response = await api.request(
        path.replace(/<(\w+)>/, (_, state) => ids[state] ?? ''),
        init,
      );
      expect(response.status).toBe(status);
      const method = (init.method ?? (init.body === undefined ? 'GET' : 'POST')).toLowerCase();
      const documented = document.paths[template]?.[method]?.responses[status];
      expect(documented).toBeDefined();
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      if (documented?.content === undefined) return void expect(text).toBe('');
      const schema = documented.content[type]?.schema;
      expect(schema).toBeDefined();
      expect(faults(schema, type.endsWith('json') ? JSON.parse(text) : text)).toEqual([]);
    },
  );

  test('knows every member of a status: none is there that it does not name', async () => {
    const closed = z.toJSONSchema(namedSchemas.JobStatus, { io: 'output' });
    expect(closed).toMatchObject({ additionalProperties: false });
    for (const jobId of Object.values(ids)) {
      const status = await (await api.request(`/jobs/${jobId}`)).json();
      expect(new Validator(closed as object, '2020-12', false).validate(status).errors).toEqual([]);
    }
  });

  test('holds the payload’s schema of each job, by which it is validated', () => {
    const schema =
      document.paths['/jobs/GreetingJob']?.post?.requestBody?.content['application/json']?.schema;
    expect(faults(schema, { friendName: 'Hank' })).toEqual([]);
    expect(faults(schema, { friendName: 7 })).not.toEqual([]);
  });

  test('says what may be uploaded, for a page to read', () => {
    const schema =
      document.paths['/jobs/DocumentJob/uploads']?.post?.requestBody?.content['application/json']?.schema;
    expect(schema).toMatchObject({
      properties: { contentType: { enum: ['text/plain', 'text/csv'] }, bytes: { maximum: 1000 } },
    });
    expect(document.paths).not.toHaveProperty('/jobs/GreetingJob/uploads');
  });

  test('moves what a recursive schema says of itself', () => {
    const tree = z.object({
      name: z.string(),
      get children() {
        return z.array(tree);
      },
    });
    const jobs = [{ name: 'TreeJob', payloadSchema: z.toJSONSchema(tree), maxAttempts: 1 }];
    const { components } = openApiDocument({ jobs, auth: 'iam' }) as Document;
    const check = { $ref: '#/components/schemas/TreeJobPayload', components };
    const validate = (value: unknown) => new Validator(check as object, '2020-12').validate(value).valid;
    expect(validate({ name: 'a', children: [{ name: 'b', children: [] }] })).toBe(true);
    expect(validate({ name: 'a', children: [{ name: 1, children: [] }] })).toBe(false);
  });

  test('refers to nothing that is not there, and names each operation once', () => {
    const text = JSON.stringify(document);
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)/g)].map(([, name]) => name ?? '');
    expect(new Set(names.filter((name) => !(name in document.components.schemas)))).toEqual(new Set());
    const operations = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
    expect(new Set(operations).size).toBe(operations.length);
    expect(operations).toHaveLength(testJobs.length + 1 + 5);
  });

  test('says how to get in', () => {
    const schemes = (auth: 'iam' | 'jwt') =>
      (openApiDocument({ jobs: [], auth }) as { components: { securitySchemes: object } }).components
        .securitySchemes;
    expect(schemes('jwt')).toMatchObject({ jwt: { scheme: 'bearer' } });
    expect(schemes('iam')).toMatchObject({ iam: { in: 'header', name: 'Authorization' } });
  });

  test('is not sent again to who has it', async () => {
    const etag = (await api.request('/openapi.json')).headers.get('etag') ?? '';
    expect((await api.request('/openapi.json', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });
});

test('every kind of problem has a status of an error and a title', () => {
  for (const { status, title } of Object.values(problemKinds)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).not.toBe('');
  }
});

/** What is wrong with a value by a schema of the document. */
function faults(schema: object | undefined, value: unknown): unknown[] {
  const { components } = document;
  return new Validator({ allOf: [schema], components } as object, '2020-12', false).validate(value).errors;
}
