import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../../compileCache.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import type { TestPlatform } from './platform.ts';

/** A line of the worker's log. */
export interface Line {
  readonly message: string;
  readonly level: string;
  readonly jobId?: string;
  readonly attempt?: number;
  readonly outcome?: string;
  readonly [field: string]: unknown;
}

/** A worker as a process of its own. */
export interface WorkerProcess {
  readonly lines: readonly Line[];
  /** Those with a message. */
  said(message: string): Line[];
  /** Waits until so many lines have this message. */
  says(message: string, count?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** `errors` are the lines that are no log lines. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; errors: string[] }>;
}

export function startWorkerProcess(
  { environment, queueUrl, deadLetterQueueUrl }: TestPlatform,
  overrides: Record<string, string> = {},
  entry = 'workerEntry.ts',
): WorkerProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL(entry, import.meta.url))], {
    env: {
      ...compileCache,
      ...environment,
      JOB_QUEUE_URL: queueUrl,
      JOB_DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
      JOB_STOP_TIMEOUT: '2s',
      ...overrides,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const lines: Line[] = [];
  const errors: string[] = [];
  // Powertools writes warnings and errors to stderr.
  for (const output of [child.stdout, child.stderr]) {
    createInterface(output).on('line', (line) => {
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Line);
      else errors.push(line);
    });
  }
  const ended = new Promise<Awaited<WorkerProcess['ended']>>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, errors });
    });
  });
  const said = (message: string) => lines.filter((line) => line.message === message);
  return {
    lines,
    said,
    says: (message, count = 1) => until(() => said(message).length >= count, 60_000),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

/** For `afterEach`: leaves no process, whatever a test did. */
export async function killWorkerProcesses(): Promise<void> {
  for (const child of running) child.kill('SIGKILL');
  await until(() => running.size === 0);
}

const running = new Set<ChildProcess>();
