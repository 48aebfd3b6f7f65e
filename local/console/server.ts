import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { PortTakenError } from '../engine/errors.ts';
import { type Feed, startFeed } from './feed.ts';
import { type ConsolePlatform, consoleRoutes } from './routes.ts';

export interface Console {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Tells open pages, then closes every connection. */
  stop(): Promise<void>;
}

/** How long open pages get to take the goodbye before their connections are cut. */
const GOODBYE_MS = 500;

/**
 * Serves the page that shows a running platform, to this machine only. `port` 0 takes any free port.
 * `tickMs` is how often pages hear of news at most. Throws {@link ConsolePortTakenError}; then nothing is left running.
 */
export async function startConsole(options: {
  platform: ConsolePlatform;
  port: number;
  tickMs?: number;
}): Promise<Console> {
  const feed = await startFeed(options.platform, options.tickMs);
  try {
    let port = 0;
    const routes = await consoleRoutes({ platform: options.platform, feed, port: () => port });
    const server = createAdaptorServer({ fetch: routes.fetch, overrideGlobalObjects: false }) as Server;
    port = await listen(server, options.port);
    return { url: `http://127.0.0.1:${port}`, stop: () => stop(server, feed) };
  } catch (error) {
    feed.stop();
    throw error;
  }
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

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new ConsolePortTakenError(port, { cause: error });
    }
    throw error;
  }
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server, feed: Feed): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  feed.stop();
  const cut = setTimeout(() => server.closeAllConnections(), GOODBYE_MS);
  await closed;
  clearTimeout(cut);
}
