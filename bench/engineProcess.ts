import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { startEngine } from '../local/aws/engine/engine.ts';

/** An engine in a process of its own, so that it does not share the client's event loop. */
interface EngineProcess {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export async function startEngineProcess(): Promise<EngineProcess> {
  const child = fork(import.meta.filename, ['serve'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [endpoint] = await once(child, 'message');
  return { endpoint: endpoint as string, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

if (process.argv[1] === import.meta.filename && process.argv[2] === 'serve') {
  const engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  process.once('disconnect', () => void engine.stop());
  process.send?.(engine.endpoint);
}
