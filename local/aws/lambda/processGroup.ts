import type { ChildProcess } from 'node:child_process';

export function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', reject); // it could not be started
    child.once('exit', (code, signal) => resolve([code, signal]));
  });
}

/** The pipes may still hold lines after the exit. One that a daemon of the function's keeps open is given up. */
export async function outputEnd(child: ChildProcess): Promise<void> {
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream || stream.closed) continue;
    const timer = setTimeout(() => stream.destroy(), 1_000);
    await new Promise((resolve) => stream.once('close', resolve));
    clearTimeout(timer);
  }
}

/** Kills a process and whatever it has started in its group. */
export function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody left in the group.
  }
}
