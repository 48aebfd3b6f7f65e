import { randomUUID } from 'node:crypto';
import type { LogLine } from '../lambda/function.ts';
import { settledWithin } from '../resources/settledWithin.ts';
import { type AgentEndpoint, startAgentEndpoint } from './agentEndpoint.ts';
import { startWorkerProcess, type WorkerConfig, type WorkerProcess } from './workerProcess.ts';

/** An ECS service on this machine: as many worker processes as are desired. */
export interface LocalService {
  readonly serviceName: string;
  readonly desiredCount: number;
  /** Process ids, those that are stopping included. */
  readonly pids: number[];
  /** Workers with work in hand: those that have asked for protection. */
  readonly busy: number;
  /** How long they may take to finish it when they are stopped; 0 without any. */
  readonly remainingMs: number;
  /** Starts workers, or stops those that are not protected; protected ones stop when they give it up. */
  scaleTo(desiredCount: number): void;
  /** Takes a new bundle or environment: starts new workers, then stops the old ones. */
  update(config: WorkerConfig): void;
  /** Gives workers their stop timeout, or `drainMs` at most; leaves no process. */
  stop(options: { drainMs: number }): Promise<void>;
}

interface ServiceHooks {
  onLog(line: LogLine): void;
  onWarning(text: string): void;
  /** Has the queue answer its long polls: a worker that stops waits for its own, one that was killed left one behind. */
  endLongPolls(): void;
}

/** Of workers that end by themselves: the wait doubles from one to the next. */
const FIRST_RESTART_MS = 1_000;
const LONGEST_RESTART_MS = 30_000;
/** One that lived that long is no failed start. */
const HEALTHY_AFTER_MS = 30_000;
/** ECS's circuit breaker gives up a deployment of a few tasks after three that failed. */
const FAILURES_OF_A_DEPLOYMENT = 3;
const END_POLLS_EVERY_MS = 250;

export async function startService(
  config: WorkerConfig,
  desiredCount: number,
  hooks: ServiceHooks,
): Promise<LocalService> {
  const service = new Service(config, hooks);
  await service.start(desiredCount);
  return service;
}

interface Task {
  readonly id: string;
  readonly worker: WorkerProcess;
}

class Service implements LocalService {
  desiredCount = 0;
  #config: WorkerConfig;
  readonly #hooks: ServiceHooks;
  #agent!: AgentEndpoint;
  /** The oldest first. */
  readonly #tasks = new Set<Task>();
  readonly #leaving = new Map<Task, Promise<void>>();
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(config: WorkerConfig, hooks: ServiceHooks) {
    this.#config = config;
    this.#hooks = hooks;
  }

  async start(desiredCount: number): Promise<void> {
    this.#agent = await startAgentEndpoint({
      onUnprotected: () => this.#settle(),
      onWarning: this.#hooks.onWarning,
    });
    this.desiredCount = desiredCount;
    this.#settle();
  }

  get serviceName(): string {
    return this.#config.serviceName;
  }

  get pids(): number[] {
    return [...this.#tasks, ...this.#leaving.keys()].flatMap(({ worker }) => worker.pid ?? []);
  }

  get busy(): number {
    return this.#busy().length;
  }

  get remainingMs(): number {
    return Math.max(0, ...this.#busy().map(({ worker }) => worker.config.stopTimeoutSeconds * 1_000));
  }

  scaleTo(desiredCount: number): void {
    if (desiredCount === this.desiredCount || this.#isStopped) return;
    this.#log(`Desired count: ${this.desiredCount} → ${desiredCount}`);
    this.desiredCount = desiredCount;
    this.#settle();
  }

  update(config: WorkerConfig): void {
    this.#config = config;
    this.#failures = 0;
    clearTimeout(this.#restart);
    this.#restart = undefined;
    this.#settle();
  }

  async stop({ drainMs }: { drainMs: number }): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#restart);
    for (const task of this.#tasks) this.#end(task, drainMs);
    const left = Promise.all(this.#leaving.values());
    await settledWithin(left, drainMs);
    for (const { worker } of this.#leaving.keys()) void worker.stop(0);
    await left;
    await this.#agent.stop();
  }

  #busy(): Task[] {
    return [...this.#tasks, ...this.#leaving.keys()].filter(({ id }) => this.#agent.isProtected(id));
  }

  /** Brings the workers to what is desired. A new version starts before the old one is stopped. */
  #settle(): void {
    if (this.#isStopped) return;
    const current = [...this.#tasks].filter(({ worker }) => worker.config === this.#config);
    const missing = this.#restart === undefined ? this.desiredCount - current.length : 0;
    for (let index = 0; index < missing; index++) this.#begin();
    const outdated = [...this.#tasks].filter(({ worker }) => worker.config !== this.#config);
    const surplus = Math.max(0, current.length - this.desiredCount);
    const unprotected = (task: Task) => !this.#agent.isProtected(task.id);
    for (const task of outdated.filter(unprotected)) this.#end(task);
    for (const task of current.filter(unprotected).slice(0, surplus)) this.#end(task);
  }

  #begin(): void {
    const id = randomUUID();
    const worker = startWorkerProcess(this.#config, this.#agent.uriOf(id), this.#hooks.onLog);
    const task: Task = { id, worker };
    this.#tasks.add(task);
    void worker.exited.then((how) => {
      this.#agent.forget(id);
      this.#hooks.endLongPolls();
      if (this.#tasks.delete(task)) this.#ended(worker, how);
    });
  }

  #end(task: Task, timeoutMs = Number.POSITIVE_INFINITY): void {
    this.#tasks.delete(task);
    const { worker } = task;
    const stopped = worker.stop(Math.min(timeoutMs, worker.config.stopTimeoutSeconds * 1_000));
    const endPolls = setInterval(this.#hooks.endLongPolls, END_POLLS_EVERY_MS);
    this.#leaving.set(task, stopped);
    void stopped.then(() => {
      clearInterval(endPolls);
      this.#leaving.delete(task);
    });
  }

  /** It ended by itself: another takes its place, later and later. */
  #ended(worker: WorkerProcess, how: string): void {
    if (this.#isStopped) return;
    const isOutdated = worker.config !== this.#config;
    const lived = performance.now() - worker.startedAtMs;
    this.#failures = lived > HEALTHY_AFTER_MS ? 1 : this.#failures + 1;
    const waitMs = Math.min(FIRST_RESTART_MS * 2 ** (this.#failures - 1), LONGEST_RESTART_MS);
    this.#hooks.onWarning(
      `A worker of the service ${this.serviceName} ended by itself (${how}).${isOutdated ? '' : this.#advice(waitMs)}`,
    );
    if (isOutdated || this.#restart !== undefined) return;
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      this.#settle();
    }, waitMs);
  }

  #advice(waitMs: number): string {
    const again = ` Another starts in ${waitMs / 1_000} s.`;
    if (this.#failures < FAILURES_OF_A_DEPLOYMENT) return again;
    return `${again} ${this.#failures} in a row: on AWS the circuit breaker would now go back to the version before.`;
  }

  #log(text: string): void {
    this.#hooks.onLog({ functionName: this.serviceName, stream: 'stdout', text, at: new Date() });
  }
}
