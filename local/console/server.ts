import { getRequestListener } from '@hono/node-server';
import { PortTakenError } from '../aws/engine/errors.ts';
import { type Listener, startListener } from '../aws/http/listener.ts';
import { type Feed, startFeed } from './feed.ts';
import { type ConsolePlatform, consoleRoutes } from './routes.ts';

/** The page that shows a running platform, served to this machine only. */
export interface Console {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Shows a platform from now on. Until then, requests are answered with 503. */
  show(platform: ConsolePlatform): Promise<void>;
  /** Tells open pages that the platform stops, then closes every connection. */
  stop(): Promise<void>;
}

interface ConsoleOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly onWarning: (text: string) => void;
  /** The shortest time between two updates of a page. Default 250. */
  readonly tickMs?: number;
}

/** For how long open pages may read `bye` before their connections are cut. */
const GOODBYE_MS = 500;

/** Listens on the port. @throws {ConsolePortTakenError} when another program has the port */
export async function startConsole({ port, onWarning, tickMs }: ConsoleOptions): Promise<Console> {
  const listener = await listen(port, onWarning);
  let feed: Feed | undefined;
  return {
    url: listener.url,
    show: async (platform) => {
      feed = await startFeed(platform, tickMs);
      const routes = await consoleRoutes({ platform, feed, port: () => Number(new URL(listener.url).port) });
      listener.handler = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
    },
    stop: async () => {
      feed?.stop();
      await listener.stop(GOODBYE_MS);
    },
  };
}

/** Another program has the console's port. */
export class ConsolePortTakenError extends PortTakenError {
  constructor(port: number, options?: ErrorOptions) {
    super(port, options);
    this.message =
      `Port ${port} on 127.0.0.1, for the console, is taken by another program (perhaps another local platform). ` +
      'Stop that one, or choose a port that is free with --console-port N (0 takes any).';
  }
}

async function listen(port: number, onWarning: (text: string) => void): Promise<Listener> {
  try {
    return await startListener(port, onWarning);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new ConsolePortTakenError(port, { cause: error });
    }
    throw error;
  }
}
