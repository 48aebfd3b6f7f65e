import { ApiError, ask } from './api.js';

/** @typedef {import('../../job/jobStatus.ts').JobStatus} Status */

/**
 * Tells a job's status now and at each change, until its end. By server-sent events; where they end early, say nothing
 * or cannot be had, by asking for the status. By `fetch`, because an EventSource sends no token and hides why it failed.
 * @param {string} path `jobs/<jobId>`
 * @param {{ onStatus(status: Status): void, onTrouble(message: string): void }} listener `onTrouble` with an empty
 *   message when it is over
 * @returns {Promise<void>} when the job has ended
 * @throws {ApiError} when there is no such job for who asks
 */
export async function follow(path, { onStatus, onTrouble }) {
  let lastEventId = '';
  for (let failures = 0; ; ) {
    try {
      if (await stream()) return;
      // A host that cannot stream ends at once, so this is a poll too.
      if (isEnd(await read())) return;
      failures = 0;
    } catch (error) {
      if (isRefusal(error)) throw error;
      failures += 1;
      onTrouble('The connection is lost. Trying again…');
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(1000 * 2 ** failures, 15_000)));
  }

  async function read() {
    /** @type {Status} */
    const status = await (await ask(path, { signal: AbortSignal.timeout(silenceMs) })).json();
    tell(status);
    return status;
  }

  /** @returns {Promise<boolean>} whether the job has ended */
  async function stream() {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), silenceMs);
    try {
      const headers = { accept: 'text/event-stream', ...(lastEventId && { 'last-event-id': lastEventId }) };
      const response = await ask(`${path}/events`, { headers, signal: silence.signal });
      if (response.status === 204) return true;
      let text = '';
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silenceMs);
        const events = (text + piece).split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) if (take(event)) return true;
      }
    } catch (error) {
      if (isRefusal(error)) throw error;
      // Cut off, kept back by something in between, or not to be had: `read` says whether there is trouble.
    } finally {
      clearTimeout(timer);
    }
    return false;
  }

  /** @param {string} event */
  function take(event) {
    const fields = new Map(
      event.split('\n').map((line) => /** @type {[string, string]} */ (line.split(/: ?(.*)/s).slice(0, 2))),
    );
    lastEventId = fields.get('id') ?? lastEventId;
    const data = fields.get('data');
    if (fields.get('event') === 'status' && data !== undefined) tell(JSON.parse(data));
    return fields.get('event') === 'end';
  }

  /** @param {Status} status */
  function tell(status) {
    onTrouble('');
    onStatus(status);
  }
}

/** Asking again would be pointless. @param {unknown} error */
function isRefusal(error) {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}

/** @param {Pick<Status, 'state'>} status */
export function isEnd({ state }) {
  return state === 'succeeded' || state === 'dead' || state === 'cancelled';
}

/** The API says something every 15 seconds. */
const silenceMs = 20_000;
