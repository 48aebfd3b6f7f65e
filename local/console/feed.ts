import type { BatchOutcome } from '../aws/lambda/eventSourceMapping.ts';
import { KEPT_LINES, type PlatformEvent, type PlatformSnapshot } from '../platform/view.ts';
import { type FeedLine, feedLine, functionLine } from './feedLine.ts';
import { type ConsoleView, consoleView, noRuns, type RunCounts } from './view.ts';

/**
 * Gathers what happens on the platform, once for all open pages. Each page reads at its own pace, with its own cursor: a
 * slow page gets fewer views and misses lines, but costs neither memory nor time.
 */
export interface Feed {
  /** Returns what a page has not seen yet. */
  read(cursor: Cursor): Update;
  /** Resolves on the next change (at most four times a second), after `timeoutMs` at the latest, and on a stop. */
  changed(timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** The platform as it is now, and the lines that are kept. */
  current(): Promise<{ view: ConsoleView; lines: readonly FeedLine[] }>;
  readonly isStopped: boolean;
  /** Counts a page that watches. Returns a function that ends its watching. */
  watch(): () => void;
  readonly watchers: number;
  /** Ends the feed, and wakes all pages so that they end, too. */
  stop(): void;
}

interface Cursor {
  readonly viewVersion: number;
  /** The number of the next line. */
  readonly line: number;
}

interface Update {
  readonly cursor: Cursor;
  /** The JSON of a {@link ConsoleView}; undefined when it has not changed. */
  readonly view: string | undefined;
  /** At most {@link LINES_PER_READ} lines: read again until there are none. */
  readonly lines: readonly FeedLine[];
  /** How many lines were forgotten before the page has read them. */
  readonly skipped: number;
}

export const fromTheStart: Cursor = { viewVersion: 0, line: 0 };

const LINES_PER_READ = 100;
const TICK_MS = 250;
/** The platform is also read without an event, since a visibility timeout or another consumer changes counts. */
const TICKS_WITHOUT_EVENT = 4;

/** The part of the platform that the feed listens to. */
interface FeedSource {
  readonly events: { subscribe(listener: (event: PlatformEvent) => void): () => void };
  snapshot(): Promise<PlatformSnapshot>;
}

export async function startFeed(platform: FeedSource, tickMs = TICK_MS): Promise<Feed> {
  const feed = new GatheredFeed(platform, tickMs);
  await feed.takeLinesOfBefore();
  return feed;
}

class GatheredFeed implements Feed {
  readonly #platform: FeedSource;
  readonly #tickMs: number;
  readonly #startedAtMs = Date.now();
  readonly #unsubscribe: () => void;
  readonly #runs = new Map<string, RunCounts>();
  readonly #waiting = new Set<() => void>();
  readonly #lines: FeedLine[] = [];
  #forgottenLines = 0;
  #view = '';
  #viewVersion = 0;
  #hasNews = true;
  #hasNewLines = false;
  #quietTicks = 0;
  #isRefreshing = false;
  #isStopped = false;
  #watchers = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(platform: FeedSource, tickMs: number) {
    this.#platform = platform;
    this.#tickMs = tickMs;
    this.#unsubscribe = platform.events.subscribe((event) => this.#hear(event));
  }

  /** Takes the lines that functions printed before the feed has listened. */
  async takeLinesOfBefore(): Promise<void> {
    const { logLines } = await this.#platform.snapshot();
    const before = logLines.filter(({ at }) => at.getTime() < this.#startedAtMs);
    this.#lines.unshift(...before.map(functionLine));
    this.#lines.splice(0, this.#lines.length - KEPT_LINES);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get watchers(): number {
    return this.#watchers;
  }

  read(cursor: Cursor): Update {
    const first = Math.max(cursor.line, this.#forgottenLines);
    const index = first - this.#forgottenLines;
    const lines = this.#lines.slice(index, index + LINES_PER_READ);
    return {
      cursor: { viewVersion: this.#viewVersion, line: first + lines.length },
      view: cursor.viewVersion < this.#viewVersion ? this.#view : undefined,
      lines,
      skipped: cursor.line === 0 ? 0 : first - cursor.line,
    };
  }

  changed(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isStopped || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timeout);
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timeout = setTimeout(done, timeoutMs);
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  async current(): Promise<{ view: ConsoleView; lines: readonly FeedLine[] }> {
    return { view: consoleView(await this.#platform.snapshot(), this.#runs), lines: [...this.#lines] };
  }

  /** The platform is read only while a page watches. */
  watch(): () => void {
    this.#watchers += 1;
    if (this.#timer === undefined) {
      this.#hasNews = true;
      this.#timer = setInterval(() => void this.#tick(), this.#tickMs);
      void this.#tick();
    }
    return () => {
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
    this.#wakeAll();
  }

  #hear(event: PlatformEvent): void {
    this.#hasNews = true;
    if (event.type === 'batch') countBatch(this.#runs, event.outcome);
    const line = feedLine(event);
    if (line === undefined) return;
    this.#hasNewLines = true;
    this.#lines.push(line);
    if (this.#lines.length <= KEPT_LINES) return;
    this.#lines.shift();
    this.#forgottenLines += 1;
  }

  async #tick(): Promise<void> {
    this.#quietTicks += 1;
    const isDue = this.#hasNews || this.#quietTicks >= TICKS_WITHOUT_EVENT;
    if (!isDue || this.#isRefreshing || this.#isStopped) return;
    this.#isRefreshing = true;
    this.#quietTicks = 0;
    this.#hasNews = false;
    const hasNewView = await this.#refresh();
    this.#isRefreshing = false;
    if (!hasNewView && !this.#hasNewLines) return;
    this.#hasNewLines = false;
    this.#wakeAll();
  }

  async #refresh(): Promise<boolean> {
    try {
      const json = JSON.stringify(consoleView(await this.#platform.snapshot(), this.#runs));
      if (json === this.#view) return false;
      this.#view = json;
      this.#viewVersion += 1;
      return true;
    } catch (error) {
      const text = `The platform's state could not be read: ${(error as Error).message}`;
      if (text !== this.#lines.at(-1)?.text && !this.#isStopped) this.#hear({ type: 'warning', text });
      return false;
    }
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** Adds a batch's outcome to the counts of its queue. */
function countBatch(
  counts: Map<string, RunCounts>,
  { queueName, messageIds, failedMessageIds, result }: BatchOutcome,
): void {
  const { acknowledged, failed, brokenInvocations } = counts.get(queueName) ?? noRuns;
  counts.set(queueName, {
    acknowledged: acknowledged + messageIds.length - failedMessageIds.length,
    failed: failed + failedMessageIds.length,
    brokenInvocations: brokenInvocations + (result.status === 'error' ? 1 : 0),
    lastDurationMs: result.durationMs,
  });
}
