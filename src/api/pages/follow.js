import { ApiError, ask } from './api.js';

/** @typedef {import('../../job/jobStatus.ts').JobStatus} Status */

/**
 * Calls `onStatus` with a job's status now and at each change, until the job has ended. It reads server-sent events.
 * Where these end early, stay silent or fail, it polls the status. It uses `fetch`, because an EventSource sends no
 * token and hides why it failed.
 * @param {string} path `jobs/<jobId>`
 * @param {{ onStatus(status: Status): void, onTrouble(message: string): void }} listener `onTrouble` is called with an
 *   empty message when the trouble is over
 * @returns {Promise<void>} resolves when the job has ended
 * @throws {ApiError} when the user has no such job
 */
export async function follow(path, { onStatus, onTrouble }) {
  let lastEventId = '';
  for (let failures = 0; ; ) {
    try {
      if (await stream()) return;
      // A host that cannot stream ends the events at once, so this also polls.
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
      // The events were cut off, held back by a proxy, or failed. `read` finds out whether the API can be reached.
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

/** Whether the same request would be refused again. @param {unknown} error */
function isRefusal(error) {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}

/** @param {Pick<Status, 'state'>} status */
export function isEnd({ state }) {
  return state === 'succeeded' || state === 'dead' || state === 'cancelled';
}

/** After this time without an event the connection counts as lost: the API sends something every 15 seconds. */
const silenceMs = 20_000;
