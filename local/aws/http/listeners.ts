import { PortTakenError } from '../engine/errors.ts';
import { type Listener, type RequestHandler, startListener } from './listener.ts';

/**
 * The ports of the APIs. Addresses are given out before anything runs behind them, because functions and outputs refer to
 * them.
 */
export interface Listeners {
  /**
   * Makes sure that each of these APIs has an address, opening ports as needed: the first one the chosen port. An API
   * that is new takes over the address of one that has gone.
   * @throws {ApiPortTakenError} then nothing changed
   */
  reserve(apiNames: readonly string[]): Promise<void>;
  /** Gives up the addresses of all other APIs. */
  keepOnly(apiNames: readonly string[]): Promise<void>;
  /** `http://127.0.0.1:<port>`. Throws for an API without an address. */
  urlOf(apiName: string): string;
  /** What browsers call the APIs' pages' origins. */
  origins(): string[];
  attach(apiName: string, handler: RequestHandler): void;
  detach(apiName: string): void;
  stop(drainMs: number): Promise<void>;
}

/** The API's port belongs to another program. */
export class ApiPortTakenError extends PortTakenError {
  constructor(port: number, options?: ErrorOptions) {
    super(port, options);
    this.message =
      `Port ${port} on 127.0.0.1, for the API, is taken by another program (perhaps another local platform). ` +
      'Stop that one, or choose a port that is free with --api-port N (0 takes any).';
  }
}

/** How long answers may take that are due when an API goes. */
const DRAIN_MS = 5_000;

/** @param firstPort of the first API; further ones take any free port. 0 takes any, too. */
export function createListeners(firstPort: number, onWarning: (text: string) => void): Listeners {
  const listeners = new Map<string, Listener>();

  return {
    reserve: async (apiNames) => {
      const missing = apiNames.filter((name) => !listeners.has(name));
      const left = [...listeners.keys()].filter((name) => !apiNames.includes(name));
      const opened: Listener[] = [];
      try {
        while (opened.length + left.length < missing.length) opened.push(await open(opened.length));
      } catch (error) {
        await Promise.all(opened.map((listener) => listener.stop(0)));
        throw error;
      }
      for (const [i, name] of missing.entries()) {
        const from = left[i];
        const listener = from === undefined ? opened.shift() : listeners.get(from);
        if (from !== undefined) listeners.delete(from);
        if (listener) listeners.set(name, listener);
      }
    },
    keepOnly: async (apiNames) => {
      const gone = [...listeners].filter(([name]) => !apiNames.includes(name));
      for (const [name] of gone) listeners.delete(name);
      await Promise.all(gone.map(([, listener]) => listener.stop(DRAIN_MS)));
    },
    urlOf: (apiName) => listenerOf(apiName).url,
    origins: () => [...listeners.values()].flatMap(({ url }) => [url, url.replace('127.0.0.1', 'localhost')]),
    attach: (apiName, handler) => {
      listenerOf(apiName).handler = handler;
    },
    detach: (apiName) => {
      const listener = listeners.get(apiName);
      if (listener) listener.handler = undefined;
    },
    stop: async (drainMs) => {
      await Promise.all([...listeners.values()].map((listener) => listener.stop(drainMs)));
      listeners.clear();
    },
  };

  function listenerOf(apiName: string): Listener {
    const listener = listeners.get(apiName);
    if (!listener) throw new Error(`no port was opened for ${apiName}`);
    return listener;
  }

  async function open(openedBefore: number): Promise<Listener> {
    const port = listeners.size === 0 && openedBefore === 0 ? firstPort : 0;
    try {
      return await startListener(port, onWarning);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
        throw new ApiPortTakenError(port, { cause: error });
      throw error;
    }
  }
}
