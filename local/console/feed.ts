import { KEPT_LINES } from '../platform/recentPast.ts';
import type { PlatformEvent, PlatformSnapshot } from '../platform/view.ts';
import { type FeedLine, feedLine, functionLine } from './feedLine.ts';
import { countBatch } from './runCounts.ts';
import { type ConsoleView, consoleView, type RunCounts } from './view.ts';

/**
 * What happens on the platform, gathered once for all open pages. Pages pull from it, each at its own pace with its own
 * cursor: a slow one gets fewer views and misses lines, and costs nobody memory or time.
 */
export interface Feed {
  /** What a page has not seen yet. */
  read(cursor: Cursor): Update;
  /** Resolves on the next change, at most four times a second, after `timeoutMs` at the latest, and when it stops. */
  changed(timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** The platform as it is now, with the lines that are kept. */
  current(): Promise<{ view: ConsoleView; lines: readonly FeedLine[] }>;
  readonly isStopped: boolean;
  /** A page that watches; resolves to the end of its watching. */
  watch(): () => void;
  readonly watchers: number;
  /** Lets go of the platform, and wakes all pages so that they end. */
  stop(): void;
}

export interface Cursor {
  readonly viewVersion: number;
  /** Number of the line to come next. */
  readonly line: number;
}

export interface Update {
  readonly cursor: Cursor;
  /** JSON of a {@link ConsoleView}, when it changed. */
  readonly view: string | undefined;
  /** At most {@link LINES_PER_READ}; read again until there are none. */
  readonly lines: readonly FeedLine[];
  /** Lines that were forgotten before this page could take them. */
  readonly skipped: number;
}

export const fromTheStart: Cursor = { viewVersion: 0, line: 0 };

const LINES_PER_READ = 100;
const TICK_MS = 250;
/** Counts also change without an event: a visibility timeout ends, somebody else receives. */
const TICKS_WITHOUT_EVENT = 4;

/** The part of the platform that the feed listens to. */
export interface FeedSource {
  readonly events: { subscribe(listener: (event: PlatformEvent) => void): () => void };
  snapshot(): Promise<PlatformSnapshot>;
}

export async function startFeed(platform: FeedSource, tickMs = TICK_MS): Promise<Feed> {
  const runs = new Map<string, RunCounts>();
  const lines: FeedLine[] = [];
  const waiting = new Set<() => void>();
  let forgotten = 0;
  let watchers = 0;
  let view = '';
  let viewVersion = 0;
  let hasNews = true;
  let hasNewLines = false;
  let quietTicks = 0;
  let isRefreshing = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  const sinceMs = Date.now();
  const unsubscribe = platform.events.subscribe(hear);
  const { logLines } = await platform.snapshot();
  lines.unshift(...logLines.filter(({ at }) => at.getTime() < sinceMs).map(functionLine));
  lines.splice(0, lines.length - KEPT_LINES);

  return {
    read,
    changed,
    current: async () => ({ view: consoleView(await platform.snapshot(), runs), lines: [...lines] }),
    get isStopped() {
      return isStopped;
    },
    get watchers() {
      return watchers;
    },
    watch,
    stop,
  };

  function hear(event: PlatformEvent): void {
    hasNews = true;
    if (event.type === 'batch') countBatch(runs, event.outcome);
    const line = feedLine(event);
    if (line === undefined) return;
    hasNewLines = true;
    lines.push(line);
    if (lines.length <= KEPT_LINES) return;
    lines.shift();
    forgotten += 1;
  }

  function read(cursor: Cursor): Update {
    const first = Math.max(cursor.line, forgotten);
    const next = lines.slice(first - forgotten, first - forgotten + LINES_PER_READ);
    return {
      cursor: { viewVersion, line: first + next.length },
      view: cursor.viewVersion < viewVersion ? view : undefined,
      lines: next,
      skipped: cursor.line === 0 ? 0 : first - cursor.line,
    };
  }

  function changed(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (isStopped || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timeout);
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timeout = setTimeout(done, timeoutMs);
      waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  /** The platform is asked only while somebody looks. */
  function watch(): () => void {
    watchers += 1;
    if (timer === undefined) {
      hasNews = true;
      timer = setInterval(() => void tick(), tickMs);
      void tick();
    }
    return () => {
      watchers -= 1;
      if (watchers > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }

  async function tick(): Promise<void> {
    quietTicks += 1;
    const isDue = hasNews || quietTicks >= TICKS_WITHOUT_EVENT;
    if (!isDue || isRefreshing || isStopped) return;
    isRefreshing = true;
    quietTicks = 0;
    hasNews = false;
    const hasNewView = await refresh();
    isRefreshing = false;
    if (!hasNewView && !hasNewLines) return;
    hasNewLines = false;
    wakeAll();
  }

  async function refresh(): Promise<boolean> {
    try {
      const json = JSON.stringify(consoleView(await platform.snapshot(), runs));
      if (json === view) return false;
      view = json;
      viewVersion += 1;
      return true;
    } catch (error) {
      const text = `The platform's state could not be read: ${(error as Error).message}`;
      if (text !== lines.at(-1)?.text && !isStopped) hear({ type: 'warning', text });
      return false;
    }
  }

  function wakeAll(): void {
    for (const wake of [...waiting]) wake();
  }

  function stop(): void {
    isStopped = true;
    unsubscribe();
    wakeAll();
  }
}
