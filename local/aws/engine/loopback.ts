import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** Whether the request came through a socket (and not from this process, by `inject`). */
export function cameByNetwork(request: IncomingMessage): boolean {
  return request.socket instanceof Socket;
}

/**
 * Whether a request is meant for this machine. The socket listens on 127.0.0.1 alone, but a web page can still
 * reach it through a name that resolves to 127.0.0.1 (DNS rebinding) or by a cross-site form post: the first
 * shows in `Host`, the second in `Origin`.
 */
export function isForThisMachine(request: IncomingMessage): boolean {
  return isLocalHost(request) && isLocalOrigin(request.headers.origin);
}

/** Whether the request was sent to a name of this machine. */
export function isLocalHost({ headers: { host } }: IncomingMessage): boolean {
  return isLoopback(hostname(`http://${host ?? ''}`));
}

/** Whether a request comes from a page of this machine, or from no page at all. */
export function isLocalOrigin(origin: string | undefined): boolean {
  return origin === undefined || isLoopback(hostname(origin));
}

function hostname(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** `*.localhost` never leaves the machine either (RFC 6761); S3 clients put bucket names there. */
function isLoopback(name: string | undefined): boolean {
  return (
    name === '127.0.0.1' || name === '[::1]' || name === 'localhost' || name?.endsWith('.localhost') === true
  );
}
