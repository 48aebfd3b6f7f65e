import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { sandboxEnvironment } from './environment.ts';
import { exitReason, timedOut } from './exitReason.ts';
import type { FunctionConfig, InvokeOptions, InvokeResult, LogLine } from './function.ts';
import { splitLines } from './logLines.ts';
import { exitOf, killGroup, outputEnd } from './processGroup.ts';
import { type ResponseStream, type RuntimeApi, type RuntimeOutcome, startRuntimeApi } from './runtimeApi.ts';

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));
/** Lambda's limit for everything before the handler is ready. AWS then tries once more; this does not. */
const INIT_TIMEOUT_MS = 10_000;
/** How long a runtime that has answered may take to ask for its next event; one that its own code blocks never does. */
const NEXT_TIMEOUT_MS = 3_000;
/** Of the function's memory, as AWS's Node runtime sets it. V8's heap alone: it is no memory limit. */
const OLD_SPACE_SHARE = 0.9;

/** One process that runs one invocation at a time, as a Lambda execution environment does. */
export interface Sandbox {
  readonly pid: number | undefined;
  readonly alive: boolean;
  /** How long the invocation that it runs may still take: until its timeout, and of its init before. 0 without one. */
  readonly remainingMs: number;
  /** Undefined when the process died or hung before the event reached it, having been fine before: use another sandbox. */
  invoke(payload: string, onStream?: InvokeOptions['onStream']): Promise<InvokeResult | undefined>;
  /** Kills the process and whatever it has started; resolves when it has gone. */
  kill(): Promise<void>;
}

/** Starts the process at once, so that its init overlaps with what else is done. */
export function startSandbox(
  config: FunctionConfig,
  onLog: (line: LogLine) => void,
  onExit: () => void,
): Sandbox {
  let api: RuntimeApi | undefined;
  let child: ChildProcess | undefined;
  let alive = true;
  let initialized = false;
  let requestId: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let pending: Pending | undefined;

  const initTimer = setTimeout(() => {
    if (initialized) return;
    fail('Sandbox.Timedout', `${timedOut(INIT_TIMEOUT_MS / 1_000)} during init`);
    void kill();
  }, INIT_TIMEOUT_MS);

  const exited = start();

  async function start(): Promise<void> {
    try {
      api = await startRuntimeApi({ onNext, onOutcome, onInitError, onStream });
      if (alive) await runProcess(api.address);
    } catch (error) {
      alive = false;
      fail('Runtime.StartError', `no process could be started in ${config.codeDirectory}: ${error}`);
    }
    fail('Runtime.ExitError', exitReason(null, 'SIGKILL')); // killed before there was a process
    clearTimeout(initTimer);
    api?.close();
    onExit();
  }

  async function runProcess(address: string): Promise<void> {
    child = spawn(
      process.execPath,
      [`--max-old-space-size=${Math.floor(config.memoryMb * OLD_SPACE_SHARE)}`, BOOTSTRAP],
      {
        cwd: config.codeDirectory,
        env: sandboxEnvironment(config, address),
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true, // a process group of its own, so that what it started can be killed with it
      },
    );
    for (const stream of ['stdout', 'stderr'] as const) {
      const source = child[stream];
      if (source) splitLines(source, (text) => onLog(logLine(config, requestId, stream, text)));
    }
    const [code, signal] = await exitOf(child);
    alive = false;
    killGroup(child.pid);
    await outputEnd(child);
    fail('Runtime.ExitError', exitReason(code, signal));
  }

  function onNext(): void {
    initialized = true;
    clearTimeout(initTimer);
    deliver();
  }

  function deliver(): void {
    if (!api?.waiting || !pending || pending.deliveredAtMs !== undefined) return;
    const timeoutMs = config.timeoutSeconds * 1_000;
    pending.deliveredAtMs = performance.now();
    requestId = pending.requestId;
    clearTimeout(timer);
    timer = setTimeout(() => {
      fail('Sandbox.Timedout', timedOut(config.timeoutSeconds));
      void kill();
    }, timeoutMs);
    api.deliver({
      requestId: pending.requestId,
      payload: pending.payload,
      deadlineMs: Date.now() + timeoutMs,
      functionArn: config.functionArn,
      traceId: newTraceId(),
    });
  }

  function onOutcome(id: string, outcome: RuntimeOutcome): void {
    if (id === pending?.requestId) finish(outcome);
  }

  function onStream(id: string, stream: ResponseStream): boolean {
    if (id !== pending?.requestId || !pending.onStream) return false;
    pending.onStream(stream);
    return true;
  }

  function onInitError(outcome: RuntimeOutcome): void {
    finish(outcome);
    void kill();
  }

  function fail(errorType: string, reason: string): void {
    const errorMessage = `RequestId: ${pending?.requestId} Error: ${reason}`;
    finish({ status: 'error', errorType, errorMessage });
  }

  function finish(outcome: RuntimeOutcome): void {
    clearTimeout(timer);
    if (!pending) return;
    const { requestId, deliveredAtMs, coldStart, resolve } = pending;
    pending = undefined;
    if (deliveredAtMs === undefined && !coldStart) {
      resolve(undefined);
    } else {
      const durationMs = deliveredAtMs === undefined ? 0 : performance.now() - deliveredAtMs;
      resolve({ ...outcome, requestId, durationMs, coldStart });
    }
  }

  async function kill(): Promise<void> {
    alive = false;
    killGroup(child?.pid);
    await exited;
  }

  return {
    get pid() {
      return child?.pid;
    },
    get alive() {
      return alive;
    },
    get remainingMs() {
      if (!pending) return 0;
      const timeoutMs = config.timeoutSeconds * 1_000;
      if (pending.deliveredAtMs === undefined) return INIT_TIMEOUT_MS + timeoutMs;
      return Math.max(0, pending.deliveredAtMs + timeoutMs - performance.now());
    },
    invoke: (payload, onStream) =>
      new Promise((resolve) => {
        if (!alive) {
          resolve(undefined);
          return;
        }
        pending = { requestId: randomUUID(), payload, coldStart: !initialized, onStream, resolve };
        if (initialized) timer = setTimeout(() => void kill(), NEXT_TIMEOUT_MS);
        deliver();
      }),
    kill,
  };
}

interface Pending {
  requestId: string;
  payload: string;
  coldStart: boolean;
  onStream?: InvokeOptions['onStream'];
  deliveredAtMs?: number;
  resolve(result: InvokeResult | undefined): void;
}

function logLine(
  { functionName }: FunctionConfig,
  requestId: string | undefined,
  stream: 'stdout' | 'stderr',
  text: string,
): LogLine {
  return { functionName, ...(requestId && { requestId }), stream, text, at: new Date() };
}

function newTraceId(): string {
  const seconds = Math.floor(Date.now() / 1_000).toString(16);
  const [root, parent] = [randomBytes(12).toString('hex'), randomBytes(8).toString('hex')];
  return `Root=1-${seconds}-${root};Parent=${parent};Sampled=0`;
}
