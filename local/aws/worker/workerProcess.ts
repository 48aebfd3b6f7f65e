import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LogLine } from '../lambda/function.ts';
import { splitLines } from '../lambda/logLines.ts';
import { exitOf, killGroup, outputEnd } from '../lambda/processGroup.ts';
import { settledWithin } from '../resources/settledWithin.ts';
import { workerEnvironment } from './environment.ts';

/** What a task of a service runs, as its task definition tells. */
export interface WorkerConfig {
  readonly serviceName: string;
  /** Where `index.mjs` is: the directory that its image is built from. */
  readonly codeDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Between SIGTERM and SIGKILL. */
  readonly stopTimeoutSeconds: number;
  readonly endpoint: string;
  readonly region: string;
}

/** One process that does what a task does on Fargate. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  readonly config: WorkerConfig;
  readonly startedAtMs: number;
  /** How it ended, in words; never rejects. */
  readonly exited: Promise<string>;
  /** SIGTERM, and SIGKILL where it has not ended `timeoutMs` later. Resolves when it has gone. */
  stop(timeoutMs: number): Promise<void>;
}

/** @param agentUri where it asks for scale-in protection */
export function startWorkerProcess(
  config: WorkerConfig,
  agentUri: string,
  onLog: (line: LogLine) => void,
): WorkerProcess {
  const child = spawn(process.execPath, ['--import', PRELOAD, 'index.mjs'], {
    cwd: config.codeDirectory,
    env: workerEnvironment(config, agentUri),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'], // the fourth ends with the platform
    detached: true, // a process group of its own: Ctrl-C reaches the platform only, which then stops it
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    const source = child[stream];
    if (!source) continue;
    splitLines(source, (text) => onLog({ functionName: config.serviceName, stream, text, at: new Date() }));
  }
  const exited = ended();

  return { pid: child.pid, config, startedAtMs: performance.now(), exited, stop };

  async function ended(): Promise<string> {
    try {
      const [code, signal] = await exitOf(child);
      killGroup(child.pid);
      await outputEnd(child);
      return signal === null ? `exit status ${code}` : `signal ${signal}`;
    } catch (error) {
      return `no process could be started in ${config.codeDirectory}: ${(error as Error).message}`;
    }
  }

  async function stop(timeoutMs: number): Promise<void> {
    child.kill('SIGTERM');
    await settledWithin(exited, timeoutMs);
    if (child.exitCode === null && child.signalCode === null) killGroup(child.pid);
    await exited;
  }
}

const PRELOAD = fileURLToPath(new URL('./preload.mjs', import.meta.url));
