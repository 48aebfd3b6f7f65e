import { getRequestListener } from '@hono/node-server';
import { PortTakenError } from '../aws/engine/errors.ts';
import { type Listener, startListener } from '../aws/http/listener.ts';
import { type Feed, startFeed } from './feed.ts';
import { type ConsolePlatform, consoleRoutes } from './routes.ts';

/** The page that shows a running platform, served to this machine only. */
export interface Console {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Shows this platform from now on; before, requests are answered with 503. */
  show(platform: ConsolePlatform): Promise<void>;
  /** Tells open pages, then closes every connection. */
  stop(): Promise<void>;
}

interface ConsoleOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly onWarning: (text: string) => void;
  /** How often pages hear of news at most. */
  readonly tickMs?: number;
}

/** How long open pages get to take the goodbye before their connections are cut. */
const GOODBYE_MS = 500;

/** Takes the port. Throws {@link ConsolePortTakenError}; then nothing is left running. */
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

/** The console's port belongs to another program. */
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
