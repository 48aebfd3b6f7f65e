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
/** A day. */
const INSPECTED_TIMEOUT_MS = 86_400_000;
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

/**
 * Starts the process at once, so that its init overlaps with what else is done.
 * @param onExit hears when the process has gone, with whatever it had started
 */
export function startSandbox(
  config: FunctionConfig,
  onLog: (line: LogLine) => void,
  onExit: () => void,
): Sandbox {
  return new ProcessSandbox(config, onLog, onExit);
}

class ProcessSandbox implements Sandbox {
  readonly #config: FunctionConfig;
  readonly #onLog: (line: LogLine) => void;
  readonly #exited: Promise<void>;
  readonly #initTimer: NodeJS.Timeout;
  #api: RuntimeApi | undefined;
  #child: ChildProcess | undefined;
  #alive = true;
  #initialized = false;
  /** Of the invocation that runs, or the last one: log lines name it. */
  #requestId: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pending: Pending | undefined;

  constructor(config: FunctionConfig, onLog: (line: LogLine) => void, onExit: () => void) {
    this.#config = config;
    this.#onLog = onLog;
    const initTimeoutMs = config.inspectPort === undefined ? INIT_TIMEOUT_MS : INSPECTED_TIMEOUT_MS;
    this.#initTimer = setTimeout(() => this.#initTimedOut(), initTimeoutMs);
    this.#exited = this.#start().then(onExit);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get remainingMs(): number {
    if (!this.#pending) return 0;
    const { deliveredAtMs } = this.#pending;
    if (deliveredAtMs === undefined) return INIT_TIMEOUT_MS + this.#timeoutMs;
    return Math.max(0, deliveredAtMs + this.#timeoutMs - performance.now());
  }

  invoke(payload: string, onStream?: InvokeOptions['onStream']): Promise<InvokeResult | undefined> {
    if (!this.#alive) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<InvokeResult | undefined>();
    this.#pending = { requestId: randomUUID(), payload, coldStart: !this.#initialized, onStream, resolve };
    if (this.#initialized && this.#config.inspectPort === undefined) {
      this.#timer = setTimeout(() => void this.kill(), NEXT_TIMEOUT_MS);
    }
    this.#deliver();
    return promise;
  }

  async kill(): Promise<void> {
    this.#alive = false;
    killGroup(this.#child?.pid);
    await this.#exited;
  }

  /** A person at a debugger needs time. */
  get #timeoutMs(): number {
    return this.#config.inspectPort === undefined
      ? this.#config.timeoutSeconds * 1_000
      : INSPECTED_TIMEOUT_MS;
  }

  async #start(): Promise<void> {
    try {
      this.#api = await startRuntimeApi({
        onNext: () => this.#onNext(),
        onOutcome: (requestId, outcome) => this.#onOutcome(requestId, outcome),
        onInitError: (outcome) => this.#onInitError(outcome),
        onStream: (requestId, stream) => this.#onStream(requestId, stream),
      });
      if (this.#alive) await this.#runProcess(this.#api.address);
    } catch (error) {
      this.#alive = false;
      this.#fail(
        'Runtime.StartError',
        `no process could be started in ${this.#config.codeDirectory}: ${error}`,
      );
    }
    this.#fail('Runtime.ExitError', exitReason(null, 'SIGKILL')); // killed before there was a process
    clearTimeout(this.#initTimer);
    this.#api?.close();
  }

  async #runProcess(address: string): Promise<void> {
    const child = spawnRuntime(this.#config, address);
    this.#child = child;
    for (const stream of ['stdout', 'stderr'] as const) {
      const source = child[stream];
      if (source) {
        splitLines(source, (text) => this.#onLog(logLine(this.#config, this.#requestId, stream, text)));
      }
    }
    const [code, signal] = await exitOf(child);
    this.#alive = false;
    killGroup(child.pid);
    await outputEnd(child);
    this.#fail('Runtime.ExitError', exitReason(code, signal));
  }

  #initTimedOut(): void {
    if (this.#initialized) return;
    this.#fail('Sandbox.Timedout', `${timedOut(INIT_TIMEOUT_MS / 1_000)} during init`);
    void this.kill();
  }

  #onNext(): void {
    this.#initialized = true;
    clearTimeout(this.#initTimer);
    this.#deliver();
  }

  #deliver(): void {
    const pending = this.#pending;
    if (!this.#api?.waiting || !pending || pending.deliveredAtMs !== undefined) return;
    pending.deliveredAtMs = performance.now();
    this.#requestId = pending.requestId;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail('Sandbox.Timedout', timedOut(this.#config.timeoutSeconds));
      void this.kill();
    }, this.#timeoutMs);
    this.#api.deliver({
      requestId: pending.requestId,
      payload: pending.payload,
      deadlineMs: Date.now() + this.#timeoutMs,
      functionArn: this.#config.functionArn,
      traceId: newTraceId(),
    });
  }

  #onOutcome(requestId: string, outcome: RuntimeOutcome): void {
    if (requestId === this.#pending?.requestId) this.#finish(outcome);
  }

  #onStream(requestId: string, stream: ResponseStream): boolean {
    if (requestId !== this.#pending?.requestId || !this.#pending.onStream) return false;
    this.#pending.onStream(stream);
    return true;
  }

  #onInitError(outcome: RuntimeOutcome): void {
    this.#finish(outcome);
    void this.kill();
  }

  #fail(errorType: string, reason: string): void {
    const errorMessage = `RequestId: ${this.#pending?.requestId} Error: ${reason}`;
    this.#finish({ status: 'error', errorType, errorMessage });
  }

  #finish(outcome: RuntimeOutcome): void {
    clearTimeout(this.#timer);
    if (!this.#pending) return;
    const { requestId, deliveredAtMs, coldStart, resolve } = this.#pending;
    this.#pending = undefined;
    if (deliveredAtMs === undefined && !coldStart) {
      resolve(undefined);
    } else {
      const durationMs = deliveredAtMs === undefined ? 0 : performance.now() - deliveredAtMs;
      resolve({ ...outcome, requestId, durationMs, coldStart });
    }
  }
}

function spawnRuntime(config: FunctionConfig, runtimeApi: string): ChildProcess {
  const oldSpaceMb = Math.floor(config.memoryMb * OLD_SPACE_SHARE);
  const inspect = config.inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${config.inspectPort}`];
  return spawn(process.execPath, [`--max-old-space-size=${oldSpaceMb}`, ...inspect, BOOTSTRAP], {
    cwd: config.codeDirectory,
    env: sandboxEnvironment(config, runtimeApi),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // a process group of its own, so that what it started can be killed with it
  });
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
