import { type ChildProcess, spawn } from 'node:child_process';
import { compileCache } from '../compileCache.ts';
import { until } from '../local/aws/lambda/processes.ts';
import { program } from './jobsProject.ts';

/** The CLI's worker as a process of its own. */
export interface RunningWorker {
  output(): string;
  says(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<number | null>;
}

export function startWorkerCommand(
  cwd: string,
  words: readonly string[],
  environment: Record<string, string> = {},
): RunningWorker {
  const child = spawn(process.execPath, [program, 'worker', ...words], {
    cwd,
    env: { ...bareEnvironment, ...compileCache, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  return {
    output: () => output,
    says: (text) => until(() => output.includes(text), 60_000),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

/** For `afterEach`. */
export async function killWorkerCommands(): Promise<void> {
  for (const child of running) child.kill('SIGKILL');
  await until(() => running.size === 0);
}

/** Nothing of this machine's AWS configuration. */
export const bareEnvironment = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
};

const running = new Set<ChildProcess>();
