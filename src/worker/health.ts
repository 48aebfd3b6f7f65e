import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EndedRun } from '../runtime/settle.ts';
import { WorkerSetupError } from './errors.ts';
import type { Worker, WorkerHealth } from './worker.ts';

interface HealthServerOptions {
  /** 0 chooses any free port. */
  readonly port: number;
  readonly host: string;
  readonly metrics: WorkerMetrics;
  workers(): readonly Worker[];
}

/** Serves `/healthz` and `/metrics` of a worker process. */
export interface HealthServer {
  /** Such as `http://127.0.0.1:9100`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws {WorkerSetupError} when the port is taken, or the host is not this machine's */
export async function startHealthServer({
  port,
  host,
  metrics,
  workers,
}: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    respond(request, response).catch((error: Error) => {
      answer(response, 500, 'text/plain', `${error.message}\n`); // it must not end a process in which jobs run
    });
  });
  await listening(server, port, host);
  const { port: chosen } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${chosen}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function respond({ method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const pathname = URL.parse(url, 'http://worker')?.pathname;
    if (pathname === undefined) answer(response, 400, 'text/plain', 'The path cannot be read.\n');
    else if (method !== 'GET' && method !== 'HEAD') answer(response, 405, 'text/plain', 'GET only\n');
    else if (pathname === '/healthz') answerHealth(response, workers());
    else if (pathname === '/metrics') await answerMetrics(response, metrics);
    else answer(response, 404, 'text/plain', 'There are /healthz and /metrics.\n');
  }
}

async function listening(server: Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, host, resolve);
  await promise.catch((cause: Error) => {
    throw new WorkerSetupError(
      `health cannot be served at ${host}:${port}: ${cause.message}. Choose another port, or 0 for any`,
      { cause },
    );
  });
}

/** Answers 503 when a worker has not been able to receive for a while. A busy or stopping worker is healthy. */
function answerHealth(response: ServerResponse, workers: readonly Worker[]): void {
  const jobs = workers.map((worker) => [worker.jobName, jobHealth(worker.health())] as const);
  const isHealthy = jobs.every(([, { status }]) => status !== 'failing');
  const body = { status: isHealthy ? 'ok' : 'failing', jobs: Object.fromEntries(jobs) };
  answer(response, isHealthy ? 200 : 503, 'application/json', `${JSON.stringify(body)}\n`);
}

function jobHealth({ failingSince, isStopping, lastPollAt, inFlight, concurrency }: WorkerHealth) {
  const isFailing = failingSince !== undefined && Date.now() - failingSince >= failingAfterMs;
  return {
    status: isFailing ? 'failing' : isStopping ? 'stopping' : 'ok',
    lastPollAt: instant(lastPollAt),
    failingSince: instant(failingSince),
    inFlight,
    concurrency,
  };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

async function answerMetrics(response: ServerResponse, metrics: WorkerMetrics): Promise<void> {
  answer(response, 200, metrics.contentType, await metrics.text());
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

/** After how long a failing worker counts as unhealthy. Shorter outages often pass by themselves. */
const failingAfterMs = 60_000;

/** The metrics of a worker process, in Prometheus' format. */
export interface WorkerMetrics {
  readonly contentType: string;
  text(): Promise<string>;
  observe(jobName: string, run: EndedRun): void;
}

/** @param workers is called whenever the metrics are read */
export function workerMetrics(workers: () => readonly Worker[]): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const runs = new Counter({
    name: 'jobs_worker_runs_total',
    help: 'Runs that have ended, by outcome: succeeded, cancelled, postponed, retry or dead.',
    labelNames: ['job', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'jobs_worker_run_duration_seconds',
    help: 'How long runs took.',
    labelNames: ['job'],
    buckets: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600],
    registers,
  });
  gauge('jobs_worker_in_flight', 'Messages that run at the moment.', ({ inFlight }) => inFlight);
  gauge(
    'jobs_worker_concurrency',
    'Messages that may run at the same time.',
    ({ concurrency }) => concurrency,
  );
  gauge('jobs_worker_last_poll_timestamp_seconds', 'When SQS last answered a receive.', ({ lastPollAt }) =>
    lastPollAt === undefined ? 0 : lastPollAt / 1000,
  );
  gauge('jobs_worker_receiving', '1 while receives work, 0 while they fail.', ({ failingSince }) =>
    failingSince === undefined ? 1 : 0,
  );

  function gauge(name: string, help: string, value: (health: ReturnType<Worker['health']>) => number): void {
    new Gauge({
      name,
      help,
      labelNames: ['job'],
      registers,
      collect() {
        for (const worker of workers()) this.set({ job: worker.jobName }, value(worker.health()));
      },
    });
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observe: (job, { outcome, durationMs }) => {
      runs.inc({ job, outcome: outcome.kind });
      seconds.observe({ job }, durationMs / 1000);
    },
  };
}
