import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EndedRun } from '../runtime/settle.ts';
import type { Worker } from './worker.ts';

/** What a worker process tells Prometheus. */
export interface WorkerMetrics {
  readonly contentType: string;
  text(): Promise<string>;
  observe(jobName: string, run: EndedRun): void;
}

/** @param workers asked whenever the metrics are read */
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
