import { styleText } from 'node:util';

interface Check {
  readonly subject: string;
  readonly name: string;
  run(): Promise<void>;
}

const checks: Check[] = [];
let subject = '';

/** Names what the checks in it are about. */
export function describe(what: string, define: () => void): void {
  subject = what;
  define();
}

/** Adds a check, which fails when it throws. */
export function check(name: string, run: () => Promise<void>): void {
  checks.push({ subject, name, run });
}

/**
 * Runs all checks one after the other in the order of their definition, and prints how each ended. They share what is
 * deployed, so a failed one does not stop the others. node:test's own runner ends only when nothing keeps the process
 * alive any more, and MiniStack does.
 * @param only runs those alone whose subject and name contain it
 */
export async function runChecks({ timeoutMs, only = '' }: { timeoutMs: number; only?: string }) {
  const ended = { passed: 0, failed: 0 };
  for (const { subject, name, run } of checks) {
    const sentence = `${subject} ${name}`;
    if (!sentence.includes(only)) continue;
    const begin = performance.now();
    const error = await failureOf(run(), timeoutMs);
    const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
    if (error === undefined) {
      ended.passed += 1;
      console.log(`${styleText('green', 'ok    ')} ${sentence} (${seconds} s)`);
    } else {
      ended.failed += 1;
      console.log(
        `${styleText('red', 'FAILED')} ${sentence} (${seconds} s)\n${error.stack ?? error.message}`,
      );
    }
  }
  return ended;
}

async function failureOf(running: Promise<void>, timeoutMs: number): Promise<Error | undefined> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`It did not end within ${timeoutMs / 1_000} s.`)),
    timeoutMs,
  );
  try {
    await Promise.race([running, promise]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}
