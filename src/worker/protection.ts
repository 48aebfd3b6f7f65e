/** Keeps ECS from ending the task that this worker runs in while it has messages in hand. */
export interface TaskProtection {
  /** To be told whenever the number of messages in hand changes. Returns at once, never throws. */
  onInFlight(count: number): void;
  /** Gives the protection up and makes no more requests. Never rejects. */
  stop(): Promise<void>;
}

interface TaskProtectionOptions {
  /** Where the container agent is. @default the `ECS_AGENT_URI` that ECS sets; outside ECS nothing is done */
  readonly agentUri?: string | undefined;
  /** Told once for each time that the agent begins to refuse. */
  readonly logger: { warn(message: string, extra: { error: Error }): void };
  /** @default 5 minutes, half of what is asked for */
  readonly renewEveryMs?: number;
  /** How long nothing has to be in hand, so that a busy worker does not ask all the time. @default 5 seconds */
  readonly idleMs?: number;
}

/**
 * Scale-in protection: asked for at the first message, renewed while there are any, given up when there are none. ECS
 * then neither scales the task in nor replaces it in a deployment; it expires by itself if the worker cannot say so.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export function startTaskProtection(options: TaskProtectionOptions): TaskProtection {
  const { agentUri = process.env.ECS_AGENT_URI } = options;
  if (!agentUri) return { onInFlight: () => {}, stop: async () => {} };
  return new AgentProtection(`${agentUri}/task-protection/v1/state`, options);
}

/** ECS takes 1 to 2880 minutes. */
const expiresInMinutes = 10;
const requestTimeoutMs = 5000;

class AgentProtection implements TaskProtection {
  readonly #url: string;
  readonly #logger: TaskProtectionOptions['logger'];
  readonly #renewEveryMs: number;
  readonly #idleMs: number;
  #isBusy = false;
  /** What the agent was last told, and when it took it. */
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

  /** One request at a time; whatever changed meanwhile is said by the next. */
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
