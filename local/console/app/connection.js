/**
 * Reads the live stream. Connects again by itself, also to another platform that has started at the same address.
 * @typedef {import('../view.ts').ConsoleView} ConsoleView
 * @typedef {import('../feedLine.ts').FeedLine} FeedLine
 * @typedef {'live' | 'lost' | 'stopped'} ConnectionState
 * @param {{
 *   onState(state: ConnectionState): void,
 *   onView(view: ConsoleView): void,
 *   onLines(lines: FeedLine[], skipped: number, isFirst: boolean): void,
 * }} listeners
 */
export function connect({ onState, onView, onLines }) {
  let isStopped = false;
  let isFirst = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;
  open();

  function open() {
    const source = new EventSource('/api/events');
    source.addEventListener('hello', () => {
      isStopped = false;
      isFirst = true;
      heard();
      onState('live');
    });
    source.addEventListener('view', ({ data }) => {
      heard();
      onView(JSON.parse(data));
    });
    source.addEventListener('lines', ({ data }) => {
      heard();
      const { lines, skipped } = JSON.parse(data);
      onLines(lines, skipped, isFirst);
      isFirst = false;
    });
    source.addEventListener('ping', heard);
    source.addEventListener('bye', () => {
      isStopped = true;
      onState('stopped');
    });
    source.addEventListener('error', () => {
      clearTimeout(silence);
      onState(isStopped ? 'stopped' : 'lost');
      // The browser connects again after a network error, but not after an answer other than 200.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, RETRY_MS);
    });

    /** Connects again after a long silence: after a laptop has slept, its connection may be dead. */
    function heard() {
      clearTimeout(silence);
      silence = setTimeout(() => {
        source.close();
        onState('lost');
        open();
      }, SILENCE_MS);
    }
  }
}

const RETRY_MS = 2_000;
/** The console sends an event every ten seconds, or more often. */
const SILENCE_MS = 30_000;
