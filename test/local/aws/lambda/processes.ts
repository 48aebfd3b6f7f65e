import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A zombie, which waits for whoever adopted it to reap it, runs no more. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = `/proc/${pid}/stat`;
    return !existsSync(stat) || !/\) [ZX] /.test(readFileSync(stat, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits for a condition, for at most `deadlineMs`. */
export async function until(condition: () => boolean | Promise<boolean>, deadlineMs = 25_000): Promise<void> {
  const startMs = Date.now();
  while (!(await condition())) {
    const waitedMs = Date.now() - startMs;
    if (waitedMs > deadlineMs) throw new Error(`Not within ${deadlineMs} ms: ${condition}`);
    await sleep(Math.min(10 + waitedMs / 20, 60)); // what takes long may be asked for less often
  }
}
