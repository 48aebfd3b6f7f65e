import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { localCredentials } from '../../../../local/aws/isolatedAws.ts';

type Body = Record<string, unknown> & { Name?: string; GroupName?: string };

/** Scheduler's REST API as far as delays need it, in one group. It never fires by itself: a test calls `fire`. */
export interface FakeScheduler {
  readonly client: SchedulerClient;
  /** By name, as they were given. */
  readonly schedules: Map<string, Body>;
  /** The requests so far, such as `POST /schedules/job-1`. */
  readonly requests: string[];
  /** Its time has come: it publishes, and is gone. */
  fire(name: string): void;
  /** Answers the next request with this error instead. */
  failNext(code: string, status?: number): void;
  close(): Promise<void>;
}

export async function fakeScheduler(groupName: string): Promise<FakeScheduler> {
  const schedules = new Map<string, Body>();
  const requests: string[] = [];
  const failures: { code: string; status: number }[] = [];

  const answer = (
    method: string,
    url: URL,
    body: Body,
  ): { status: number; error?: string; json?: object } => {
    const [, , name = ''] = decodeURIComponent(url.pathname).split('/');
    const failure = failures.shift();
    if (failure !== undefined) return { status: failure.status, error: failure.code };
    const group =
      body.GroupName ?? url.searchParams.get('groupName') ?? url.searchParams.get('ScheduleGroup');
    const isThere = group === groupName && (name === '' || method === 'POST' || schedules.has(name));
    if (!isThere) return { status: 404, error: 'ResourceNotFoundException' };
    if (method === 'GET' && name === '') return { status: 200, json: page([...schedules.keys()], url) };
    if (method === 'GET') return { status: 200, json: { ...schedules.get(name), Name: name } };
    if (method === 'DELETE') return { status: schedules.delete(name) ? 200 : 404, json: {} };
    if (method === 'POST' && schedules.has(name)) return { status: 409, error: 'ConflictException' };
    schedules.set(name, body);
    return { status: 200, json: { ScheduleArn: `arn:aws:scheduler:eu-west-1:1:schedule/${group}/${name}` } };
  };

  const server = createServer(async (request, response) => {
    const text = (await request.toArray()).join('');
    const url = new URL(request.url ?? '/', 'http://localhost');
    requests.push(`${request.method} ${url.pathname}`);
    const { status, error, json } = answer(request.method ?? '', url, text === '' ? {} : JSON.parse(text));
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(error === undefined ? {} : { 'x-amzn-errortype': error }),
    });
    response.end(JSON.stringify(json ?? { Message: `${error} it is` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new SchedulerClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: localCredentials,
    maxAttempts: 1,
  });

  return {
    client,
    schedules,
    requests,
    fire: (name) => void schedules.delete(name),
    failNext: (code, status = 400) => void failures.push({ code, status }),
    close: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function page(names: string[], url: URL): object {
  const size = Number(url.searchParams.get('MaxResults'));
  const from = Number(url.searchParams.get('NextToken') ?? 0);
  const next = from + size < names.length ? { NextToken: String(from + size) } : {};
  return { Schedules: names.slice(from, from + size).map((Name) => ({ Name })), ...next };
}
