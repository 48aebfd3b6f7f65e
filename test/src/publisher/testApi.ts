import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JobStatus } from '../../../src/publisher/index.ts';

/** A real HTTP server that speaks as the platform's API does, and answers what a test tells it to. */
export interface TestApi {
  readonly url: string;
  /** Each request is answered by the next of these, and by the last one from then on. */
  answers: Answer[];
  readonly requests: ApiRequest[];
  close(): Promise<void>;
}

/** A status as JSON, or what else a server may do with a request. */
export type Answer = Partial<JobStatus> | ((response: ServerResponse, request: ApiRequest) => void);

export interface ApiRequest {
  /** `GET /jobs/order-7` */
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
}

export async function startApi(): Promise<TestApi> {
  const requests: ApiRequest[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    const request = { line: `${method} ${url}`, headers };
    requests.push(request);
    const answer = api.answers.length > 1 ? api.answers.shift() : api.answers[0];
    if (typeof answer === 'function') answer(response, request);
    else json(200, statusOf(answer))(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api: TestApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: [],
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return api;
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** Problem details (RFC 9457). */
export function problem(status: number, title: string, headers: Record<string, string> = {}) {
  return json(status, { title, status, detail: 'in other words' }, headers);
}

/** Nothing is known of the job. */
export const unknown = problem(404, 'No such job');

export function statusOf(status: Partial<JobStatus> = {}): JobStatus & { links: Record<string, string> } {
  const at = '2026-11-21T00:00:00.000Z';
  const { jobId = 'order-7' } = status;
  return {
    jobId,
    jobName: 'GreetingJob',
    state: 'queued',
    createdAt: at,
    updatedAt: at,
    expiresAt: at,
    history: [],
    links: { self: `/jobs/${jobId}`, events: `/jobs/${jobId}/events` },
    ...status,
  };
}
