import { expect } from '@jest/globals';
import type { Hono } from 'hono';
import * as z from 'zod/mini';
import type { ApiJob } from '../../../src/api/apiJob.ts';
import { type ApiParts, createApi } from '../../../src/api/app.ts';
import type { ApiEnv } from '../../../src/api/caller.ts';
import { type MemoryStore, memoryStore } from './memoryStore.ts';

/** The API in this process, on a clock that stands still, with everything behind it in memory. */
export interface ApiFixture {
  readonly app: Hono<ApiEnv>;
  readonly store: MemoryStore;
  readonly published: { readonly jobName: string; readonly jobId: string; readonly payload: unknown }[];
  readonly uploads: { readonly key: string; readonly contentType: string; readonly maxBytes: number }[];
  readonly logged: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
  readonly clock: { nowMs: number };
  /** As a back end that signs, or as the subject of a token. */
  request(path: string, init?: Init): Promise<Response>;
}

export interface Init {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON, or as it is where it is a text or bytes. */
  readonly body?: unknown;
  /** What the host says of the caller; by default that IAM let them in. */
  readonly caller?: ApiEnv['Bindings'];
}

export const testJobs: readonly ApiJob[] = [
  {
    name: 'GreetingJob',
    payloadSchema: z.toJSONSchema(
      z.object({
        friendName: z.string().check(z.minLength(1)),
        age: z.optional(z.int().check(z.minimum(0))),
        gifts: z.optional(z.array(z.strictObject({ name: z.string(), price: z.number() }))),
      }),
      { io: 'input' },
    ),
    maxAttempts: 5,
  },
  {
    name: 'DocumentJob',
    payloadSchema: z.toJSONSchema(z.object({ upload: z.string() })),
    uploads: { contentTypes: ['text/plain', 'text/csv'], maxBytes: 1000 },
    maxAttempts: 3,
  },
  { name: 'AnyJob', maxAttempts: 1 },
];

export const signer = { requestContext: { authorizer: { iam: { accountId: '000000000000' } } } };

export function tokenOf(sub: unknown): ApiEnv['Bindings'] {
  return { requestContext: { authorizer: { jwt: { claims: { sub } } } } };
}

export function apiFixture(parts: Partial<ApiParts> = {}): ApiFixture {
  const clock = { nowMs: Date.parse('2026-01-01T12:00:00Z') };
  const now = () => clock.nowMs;
  const store = memoryStore(now);
  const published: ApiFixture['published'] = [];
  const uploads: ApiFixture['uploads'] = [];
  const logged: ApiFixture['logged'] = [];
  const log = (message: string, fields: Readonly<Record<string, unknown>>) =>
    void logged.push({ message, fields });
  const app = createApi({
    jobs: testJobs,
    auth: 'iam',
    streams: true,
    store,
    publisher: {
      async publish(jobName, payload, { jobId }) {
        published.push({ jobName, jobId, payload });
      },
    },
    files: {
      async upload(file) {
        uploads.push(file);
        const expiresAt = new Date(now() + 900_000).toISOString();
        return { url: 'https://files.test/', fields: { key: file.key }, expiresAt };
      },
      download: async (key, { name }) =>
        key.includes('expired') ? undefined : `https://files.test/${key}?${name}`,
      origin: async () => 'https://files.test',
    },
    deadLetters: { count: async () => 0, look: async () => new Map() },
    pagesFolder: new URL('./pages/', import.meta.url),
    logger: { debug: log, info: log, warn: log, error: log },
    now,
    sleep: async (ms) => {
      clock.nowMs += ms;
    },
    ...parts,
  });

  return {
    app,
    store,
    published,
    uploads,
    logged,
    clock,
    async request(path, { method, headers = {}, body, caller = signer } = {}) {
      const isRaw = typeof body === 'string' || body instanceof Uint8Array;
      const sent = body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) };
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const init = {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...type, ...headers },
      };
      return app.request(path, { ...init, ...sent }, caller);
    },
  };
}

/** Schedules a job and gives its ID. */
export async function scheduled(api: ApiFixture, init: Init = {}, jobName = 'GreetingJob'): Promise<string> {
  const response = await api.request(`/jobs/${jobName}`, { body: { friendName: 'Hank' }, ...init });
  expect(response.status).toBe(202);
  return ((await response.json()) as { jobId: string }).jobId;
}

/** Reads a problem, which every refusal must be. */
export async function problemIn(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^\/problems\/[a-z-]+$/),
    title: expect.any(String),
    status: response.status,
    detail: expect.any(String),
    instance: expect.stringMatching(/^\//),
  });
  return problem;
}
