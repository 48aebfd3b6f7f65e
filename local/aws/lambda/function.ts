import type { ResponseStream } from './runtimeApi.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

export interface FunctionConfig {
  functionName: string;
  functionArn: string;
  /** File and export, as `index.handler`. */
  handler: string;
  /** Where the bundle lies: LAMBDA_TASK_ROOT and the working directory of the sandboxes. */
  codeDirectory: string;
  timeoutSeconds: number;
  /** V8's heap gets 90 % of it, as on AWS; memory beyond the heap is not limited. */
  memoryMb: number;
  environment: Record<string, string>;
  /** AWS_ENDPOINT_URL of the sandboxes. */
  endpoint: string;
  region: string;
}

export interface InvokeOptions {
  /** Gets the response of a handler that streams, while it runs; the result then has no payload. Default: gathered. */
  onStream?: ((stream: ResponseStream) => void) | undefined;
  /** Kills the sandbox when it is aborted; the result is an error then. */
  signal?: AbortSignal;
}

/** Durations exclude init, as Lambda's `Duration` does. */
export type InvokeResult =
  | {
      status: 'ok';
      /** JSON as the runtime sent it, unparsed; empty when `onStream` got it. */
      payload: string;
      requestId: string;
      durationMs: number;
      coldStart: boolean;
    }
  | {
      status: 'error';
      /** As Lambda names it: `Sandbox.Timedout`, `Runtime.ExitError`, `Runtime.HandlerNotFound`, `TypeError`, … */
      errorType: string;
      errorMessage: string;
      stackTrace?: string[];
      requestId: string;
      durationMs: number;
      coldStart: boolean;
    };

export interface LogLine {
  functionName: string;
  /** The invocation that ran when the line came, or the last one before. */
  requestId?: string;
  stream: 'stdout' | 'stderr';
  text: string;
  at: Date;
}

/** A Lambda function on this machine. */
export interface LocalFunction {
  readonly functionName: string;
  readonly timeoutSeconds: number;
  /** Starts a sandbox when none is idle; an invocation that fails is a result, not a rejection. */
  invoke(payload: string, options?: InvokeOptions): Promise<InvokeResult>;
  readonly busy: number;
  /** How long the longest of the invocations that run may still take, by its timeout; 0 without any. */
  readonly remainingMs: number;
  readonly sandboxes: number;
  /** Invocations that failed, since it was created. */
  readonly errors: number;
  /** Process ids of the sandboxes. */
  readonly pids: number[];
  /** Takes a new bundle or environment: idle sandboxes end now, busy ones after their invocation. */
  update(config: FunctionConfig): void;
  /** Waits for busy sandboxes until their timeouts, or for `drainMs` at most, then kills; leaves no process. */
  stop(options?: { drainMs?: number }): Promise<void>;
}

/** Lambda too lets go of environments that nobody uses. */
const IDLE_LIMIT_MS = 5 * 60_000;

export function createFunction(
  initialConfig: FunctionConfig,
  hooks: { onLog(line: LogLine): void },
): LocalFunction {
  let config = initialConfig;
  let stopped = false;
  /** Every process that has not gone yet, also those being killed. */
  const living = new Set<Sandbox>();
  const busy = new Set<Sandbox>();
  /** Those of the current config, the one used last at the end. */
  let idle: { sandbox: Sandbox; sinceMs: number }[] = [];
  const drained = new Set<() => void>();
  let errors = 0;
  const reaper = setInterval(reap, 60_000);
  reaper.unref();

  async function invoke(payload: string, { onStream, signal }: InvokeOptions = {}): Promise<InvokeResult> {
    for (;;) {
      if (stopped) throw new Error(`Function ${config.functionName} is stopped and takes no invocations.`);
      const sandbox = takeIdle() ?? start();
      const startedWith = config;
      busy.add(sandbox);
      const abort = () => void sandbox.kill();
      signal?.addEventListener('abort', abort);
      const result = await sandbox.invoke(payload, onStream);
      signal?.removeEventListener('abort', abort);
      busy.delete(sandbox);
      giveBack(sandbox, startedWith);
      if (result?.status === 'error') errors += 1;
      if (result) return result;
    }
  }

  function takeIdle(): Sandbox | undefined {
    return idle.pop()?.sandbox;
  }

  function start(): Sandbox {
    const sandbox = startSandbox(config, hooks.onLog, () => {
      living.delete(sandbox);
      idle = idle.filter((entry) => entry.sandbox !== sandbox);
    });
    living.add(sandbox);
    return sandbox;
  }

  function giveBack(sandbox: Sandbox, startedWith: FunctionConfig): void {
    if (startedWith !== config || stopped) void sandbox.kill();
    else if (sandbox.alive) idle.push({ sandbox, sinceMs: Date.now() });
    if (busy.size === 0) for (const resolve of drained) resolve();
  }

  function reap(): void {
    const limit = Date.now() - IDLE_LIMIT_MS;
    for (const { sandbox, sinceMs } of idle) if (sinceMs < limit) void sandbox.kill();
    idle = idle.filter(({ sinceMs }) => sinceMs >= limit);
  }

  async function drain(drainMs: number): Promise<void> {
    if (busy.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      drained.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  function remainingMs(): number {
    return Math.max(0, ...[...busy].map((sandbox) => sandbox.remainingMs));
  }

  return {
    get functionName() {
      return config.functionName;
    },
    get timeoutSeconds() {
      return config.timeoutSeconds;
    },
    get busy() {
      return busy.size;
    },
    get remainingMs() {
      return remainingMs();
    },
    get sandboxes() {
      return living.size;
    },
    get errors() {
      return errors;
    },
    get pids() {
      return [...living].flatMap(({ pid }) => pid ?? []);
    },
    invoke,
    update: (next) => {
      config = next;
      for (const { sandbox } of idle) void sandbox.kill();
      idle = [];
    },
    stop: async ({ drainMs = Number.POSITIVE_INFINITY } = {}) => {
      stopped = true;
      clearInterval(reaper);
      await drain(Math.min(drainMs, remainingMs()));
      await Promise.all([...living].map((sandbox) => sandbox.kill()));
    },
  };
}
