import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { isForThisMachine } from '../engine/loopback.ts';

/** Lambda's limit for a synchronous response. */
const MAX_RESPONSE_BYTES = 6_291_556;

export interface Invocation {
  requestId: string;
  payload: string;
  deadlineMs: number;
  functionArn: string;
  traceId: string;
}

export type RuntimeOutcome =
  | { status: 'ok'; payload: string }
  | { status: 'error'; errorType: string; errorMessage: string; stackTrace?: string[] };

/** The response of a function that streams, while it runs. */
export interface ResponseStream {
  readonly contentType: string;
  /** To be read to its end, else the function waits; breaks off when the function does. */
  readonly body: Readable;
}

/** What the API tells its owner. */
interface RuntimeEvents {
  /** The runtime asks for its next event, so its init is over. */
  onNext(): void;
  onOutcome(requestId: string, outcome: RuntimeOutcome): void;
  /** Takes a response that is streamed; its outcome, without a payload, follows. False: it is to be gathered. */
  onStream?(requestId: string, stream: ResponseStream): boolean;
  onInitError(outcome: RuntimeOutcome): void;
}

export interface RuntimeApi {
  /** host:port, as in AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Whether the runtime waits for an event. */
  readonly waiting: boolean;
  /** Hands an event to the waiting runtime. */
  deliver(invocation: Invocation): void;
  close(): void;
}

/**
 * The Lambda Runtime API of one sandbox (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). Each sandbox
 * has a port of its own: AWS_LAMBDA_RUNTIME_API has no room for a path, and so no sandbox can answer for another.
 */
export async function startRuntimeApi(events: RuntimeEvents): Promise<RuntimeApi> {
  const waiting: ServerResponse[] = [];
  let current: string | undefined;

  const server = createServer(
    { noDelay: true, keepAliveTimeout: 0, requestTimeout: 0 },
    (request, response) => {
      handle(request, response).catch(() => response.destroy());
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isForThisMachine(request)) return reply(response, 403, { errorType: 'Forbidden' });
    const path = request.url ?? '';
    if (request.method === 'GET' && path === '/2018-06-01/runtime/invocation/next') return next(response);
    const [, id, kind] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (request.method !== 'POST' || (!kind && path !== '/2018-06-01/runtime/init/error')) {
      return reply(response, 404, { errorType: 'NotFound' });
    }
    if (kind === 'response' && id !== undefined && id === current && isStreamed(request)) {
      return stream(id, request, response);
    }
    const body = await readBody(request);
    if (!kind) {
      reply(response, 202, { status: 'OK' });
      return events.onInitError(errorOutcome(body ?? ''));
    }
    if (id === undefined || id !== current) return reply(response, 400, { errorType: 'InvalidRequestID' });
    current = undefined;
    if (body === undefined) reply(response, 413, { errorType: 'Function.ResponseSizeTooLarge' });
    else reply(response, 202, { status: 'OK' });
    events.onOutcome(id, body === undefined ? TOO_LARGE : outcomeOf(kind, body));
  }

  /** Stays the current invocation until its end, since the runtime may still say that it failed. */
  async function stream(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const contentType = request.headers['content-type'] ?? 'application/octet-stream';
    const isTaken = events.onStream?.(id, { contentType, body: request }) ?? false;
    const body = isTaken ? await endOf(request) : await readBody(request);
    const failure = trailingError(request);
    if (current === id) current = undefined;
    reply(response, 202, { status: 'OK' });
    if (failure) return events.onOutcome(id, failure);
    events.onOutcome(id, body === undefined ? TOO_LARGE : { status: 'ok', payload: body });
  }

  function next(response: ServerResponse): void {
    waiting.push(response);
    response.on('close', () => {
      if (waiting.includes(response)) waiting.splice(waiting.indexOf(response), 1);
    });
    events.onNext();
  }

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get waiting() {
      return waiting.length > 0;
    },
    deliver: (invocation) => {
      const response = waiting.shift();
      if (!response) return;
      current = invocation.requestId;
      sendInvocation(response, invocation);
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const TOO_LARGE: RuntimeOutcome = {
  status: 'error',
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
};

/** Head and body in one `end`, so that they leave in one segment and no delayed acknowledgement waits between them. */
function sendInvocation(response: ServerResponse, invocation: Invocation): void {
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(invocation.payload),
    'Lambda-Runtime-Aws-Request-Id': invocation.requestId,
    'Lambda-Runtime-Deadline-Ms': String(invocation.deadlineMs),
    'Lambda-Runtime-Invoked-Function-Arn': invocation.functionArn,
    'Lambda-Runtime-Trace-Id': invocation.traceId,
  });
  response.end(invocation.payload);
}

function reply(response: ServerResponse, status: number, content: object): void {
  const body = JSON.stringify(content);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** The body as text; undefined when it exceeds what Lambda takes. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_RESPONSE_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_RESPONSE_BYTES ? Buffer.concat(chunks).toString('utf8') : undefined;
}

function isStreamed({ headers }: IncomingMessage): boolean {
  return headers['lambda-runtime-function-response-mode'] === 'streaming';
}

/** Waits for the end of what another reads. @throws when the runtime broke off */
async function endOf(request: IncomingMessage): Promise<string> {
  await finished(request);
  return '';
}

/** Of a stream that failed midway. */
function trailingError({ trailers }: IncomingMessage): RuntimeOutcome | undefined {
  const body = trailers['lambda-runtime-function-error-body'];
  const errorType = trailers['lambda-runtime-function-error-type'];
  if (body === undefined && errorType === undefined) return undefined;
  return errorOutcome(Buffer.from(body ?? '', 'base64').toString('utf8') || JSON.stringify({ errorType }));
}

function outcomeOf(kind: string, body: string): RuntimeOutcome {
  return kind === 'response' ? { status: 'ok', payload: body } : errorOutcome(body);
}

function errorOutcome(body: string): RuntimeOutcome {
  let error: { errorType?: unknown; errorMessage?: unknown; trace?: unknown; stackTrace?: unknown } = {};
  try {
    error = JSON.parse(body) ?? {};
  } catch {
    // A runtime may send anything; the outcome is an error all the same.
  }
  const stackTrace = error.trace ?? error.stackTrace;
  return {
    status: 'error',
    errorType: String(error.errorType ?? 'Runtime.Unknown'),
    errorMessage: String(error.errorMessage ?? body),
    ...(Array.isArray(stackTrace) && { stackTrace: stackTrace.map(String) }),
  };
}
