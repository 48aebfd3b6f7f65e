/** Keeps ECS from stopping this worker's task while it runs messages. */
export interface TaskProtection {
  /** To be called whenever the number of running messages changes. Returns at once, never throws. */
  onInFlight(count: number): void;
  /** Ends the protection, and makes no more requests. Never rejects. */
  stop(): Promise<void>;
}

interface TaskProtectionOptions {
  /** The container agent's URL. Without one, nothing is done. @default `ECS_AGENT_URI`, which ECS sets */
  readonly agentUri?: string | undefined;
  /** Gets a warning each time when the agent begins to refuse. */
  readonly logger: { warn(message: string, extra: { error: Error }): void };
  /** How often the protection is renewed. @default 5 minutes, half of the time for which it is asked */
  readonly renewEveryMs?: number;
  /**
   * For how long no message must run before the protection ends. It keeps requests
   * of a busy worker rare. @default 5 seconds
   */
  readonly idleMs?: number;
}

/**
 * Asks ECS for scale-in protection at the first message, renews it while messages run, and ends it when there are none. A
 * protected task is not stopped by scaling in or by a deployment. The protection expires by itself when a worker cannot
 * end it.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export function startTaskProtection(options: TaskProtectionOptions): TaskProtection {
  const { agentUri = process.env.ECS_AGENT_URI } = options;
  if (!agentUri) return { onInFlight: () => {}, stop: async () => {} };
  return new AgentProtection(`${agentUri}/task-protection/v1/state`, options);
}

/** For how long protection is asked. ECS allows 1 to 2,880 minutes. */
const expiresInMinutes = 10;
const requestTimeoutMs = 5000;

class AgentProtection implements TaskProtection {
  readonly #url: string;
  readonly #logger: TaskProtectionOptions['logger'];
  readonly #renewEveryMs: number;
  readonly #idleMs: number;
  #isBusy = false;
  /** The last state that the agent has taken, and when. */
  #told = { isProtected: false, atMs: 0 };
  #asking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRefused = false;
  #isStopped = false;

  constructor(url: string, options: TaskProtectionOptions) {
    this.#url = url;
    this.#logger = options.logger;
    this.#renewEveryMs = options.renewEveryMs ?? (expiresInMinutes * 60_000) / 2;
    this.#idleMs = options.idleMs ?? 5000;
  }

  onInFlight(count: number): void {
    const isBusy = count > 0;
    if (isBusy === this.#isBusy || this.#isStopped) return;
    this.#isBusy = isBusy;
    if (isBusy && this.#told.isProtected) this.#wake(this.#untilRenewalMs);
    else this.#wake(isBusy ? 0 : this.#idleMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#asking;
    if (this.#told.isProtected) await this.#ask(false);
  }

  get #untilRenewalMs(): number {
    return Math.max(0, this.#told.atMs + this.#renewEveryMs - performance.now());
  }

  #wake(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#turn(), afterMs);
    this.#timer.unref();
  }

  /** Makes one request at a time. What changes meanwhile is told by the next request. */
  #turn(): void {
    if (this.#asking !== undefined || this.#isStopped) return;
    const wanted = this.#isBusy;
    this.#asking = this.#ask(wanted).finally(() => {
      this.#asking = undefined;
      if (this.#isStopped) return;
      if (this.#isBusy !== wanted) this.#wake(this.#isBusy ? 0 : this.#idleMs);
      else if (wanted || this.#told.isProtected)
        this.#wake(this.#isRefused ? this.#idleMs : this.#renewEveryMs);
    });
  }

  async #ask(isProtected: boolean): Promise<void> {
    try {
      const response = await fetch(this.#url, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          ProtectionEnabled: isProtected,
          ...(isProtected ? { ExpiresInMinutes: expiresInMinutes } : {}),
        }),
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`HTTP ${response.status} ${text}`);
      this.#told = { isProtected, atMs: performance.now() };
      this.#isRefused = false;
    } catch (error) {
      this.#refused(error as Error);
    }
  }

  #refused(error: Error): void {
    if (!this.#isRefused) {
      this.#logger.warn('ECS does not protect this task from being scaled in; it is asked again', { error });
    }
    this.#isRefused = true;
  }
}
