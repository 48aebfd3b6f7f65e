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
  /** Where Node's inspector listens, on loopback. Then one process runs at a time, and nothing times out. */
  inspectPort?: number | undefined;
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
  return new SandboxedFunction(initialConfig, hooks);
}

class SandboxedFunction implements LocalFunction {
  readonly #hooks: { onLog(line: LogLine): void };
  /** Every process that has not gone yet, also those being killed. */
  readonly #living = new Set<Sandbox>();
  readonly #busy = new Set<Sandbox>();
  /** Wait until no sandbox is busy. */
  readonly #drained = new Set<() => void>();
  readonly #reaper = setInterval(() => this.#reap(), 60_000);
  /** Those of the current config, the one used last at the end. */
  #idle: { sandbox: Sandbox; sinceMs: number }[] = [];
  #config: FunctionConfig;
  /** Resolves when the inspected process is free: invocations of an inspected function take turns. */
  #inspected: Promise<void> = Promise.resolve();
  #stopped = false;
  #errors = 0;

  constructor(config: FunctionConfig, hooks: { onLog(line: LogLine): void }) {
    this.#config = config;
    this.#hooks = hooks;
    this.#reaper.unref();
  }

  get functionName(): string {
    return this.#config.functionName;
  }

  get timeoutSeconds(): number {
    return this.#config.timeoutSeconds;
  }

  get busy(): number {
    return this.#busy.size;
  }

  get remainingMs(): number {
    return Math.max(0, ...[...this.#busy].map((sandbox) => sandbox.remainingMs));
  }

  get sandboxes(): number {
    return this.#living.size;
  }

  get errors(): number {
    return this.#errors;
  }

  get pids(): number[] {
    return [...this.#living].flatMap(({ pid }) => pid ?? []);
  }

  async invoke(payload: string, options: InvokeOptions = {}): Promise<InvokeResult> {
    if (this.#config.inspectPort === undefined) return this.#invoke(payload, options);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const before = this.#inspected;
    this.#inspected = ended;
    await before;
    try {
      return await this.#invoke(payload, options);
    } finally {
      end();
    }
  }

  async #invoke(payload: string, { onStream, signal }: InvokeOptions): Promise<InvokeResult> {
    for (;;) {
      if (this.#stopped)
        throw new Error(`Function ${this.functionName} is stopped and takes no invocations.`);
      const sandbox = this.#idle.pop()?.sandbox ?? (await this.#fresh());
      const startedWith = this.#config;
      this.#busy.add(sandbox);
      const abort = () => void sandbox.kill();
      signal?.addEventListener('abort', abort);
      const result = await sandbox.invoke(payload, onStream);
      signal?.removeEventListener('abort', abort);
      this.#busy.delete(sandbox);
      this.#giveBack(sandbox, startedWith);
      if (result?.status === 'error') this.#errors += 1;
      if (result) return result;
    }
  }

  update(config: FunctionConfig): void {
    this.#config = config;
    for (const { sandbox } of this.#idle) void sandbox.kill();
    this.#idle = [];
  }

  async stop({ drainMs = Number.POSITIVE_INFINITY }: { drainMs?: number } = {}): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#reaper);
    await this.#drain(Math.min(drainMs, this.remainingMs));
    await Promise.all([...this.#living].map((sandbox) => sandbox.kill()));
  }

  /** The inspector's port is free once the process before has gone. */
  async #fresh(): Promise<Sandbox> {
    if (this.#config.inspectPort !== undefined) {
      await Promise.all([...this.#living].map((sandbox) => sandbox.kill()));
    }
    return this.#start();
  }

  #start(): Sandbox {
    const sandbox = startSandbox(this.#config, this.#hooks.onLog, () => {
      this.#living.delete(sandbox);
      this.#idle = this.#idle.filter((entry) => entry.sandbox !== sandbox);
    });
    this.#living.add(sandbox);
    return sandbox;
  }

  #giveBack(sandbox: Sandbox, startedWith: FunctionConfig): void {
    if (startedWith !== this.#config || this.#stopped) void sandbox.kill();
    else if (sandbox.alive) this.#idle.push({ sandbox, sinceMs: Date.now() });
    if (this.#busy.size === 0) for (const resolve of this.#drained) resolve();
  }

  #reap(): void {
    if (this.#config.inspectPort !== undefined) return;
    const limit = Date.now() - IDLE_LIMIT_MS;
    for (const { sandbox, sinceMs } of this.#idle) if (sinceMs < limit) void sandbox.kill();
    this.#idle = this.#idle.filter(({ sinceMs }) => sinceMs >= limit);
  }

  async #drain(drainMs: number): Promise<void> {
    if (this.#busy.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#drained.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
