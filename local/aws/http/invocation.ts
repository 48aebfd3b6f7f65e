import type { ServerResponse } from 'node:http';
import type { InvokeResult, LocalFunction } from '../lambda/function.ts';
import type { ResponseStream } from '../lambda/runtimeApi.ts';
import { type Admission, createAdmission } from './admission.ts';
import { type CorsRule, withCors } from './cors.ts';
import { HttpError } from './HttpError.ts';
import { proxyResponse, type ResponseHead } from './proxyResponse.ts';
import { relayStream, type StreamRelay } from './streamRelay.ts';

/** How a host runs its function for a request. */
export interface InvocationOptions {
  /** Passes a handler's stream on as it comes. Without, it is gathered, and what is returned is interpreted. */
  readonly streams: boolean;
  /** Of a response that names none. */
  readonly defaultType: string;
  /** Takes the place of the function's own CORS headers. */
  readonly cors: CorsRule | undefined;
  readonly origin: string | undefined;
  /** What the client gets when the function fails, or gives what is no response. */
  readonly failure: HttpError;
  /** What it gets when there are as many invocations as there may be. */
  readonly throttled: HttpError;
  /** How long the host waits, and what it answers then. Default: as long as the function may run. */
  readonly timeout?: { readonly ms: number; readonly answer: HttpError };
  readonly stopping: AbortSignal;
  onWarning(text: string): void;
}

/** The way from HTTP to a function. */
export interface Invoker {
  /** Answers with what the function makes of the event. @throws {HttpError} */
  answer(event: object, response: ServerResponse, options: InvocationOptions): Promise<void>;
}

/** Lambda's limit for the event of a synchronous invocation. */
const MAX_EVENT_BYTES = 6_291_556;

export function createInvoker(fn: LocalFunction): Invoker {
  const admission: Admission = createAdmission(fn);
  return {
    answer: async (event, response, options) => {
      const payload = JSON.stringify(event);
      if (payload.length > MAX_EVENT_BYTES || Buffer.byteLength(payload) > MAX_EVENT_BYTES) {
        throw new HttpError(413, { message: 'Request Too Long' });
      }
      const leave = await admission.enter();
      if (!leave) throw options.throttled;
      if (response.destroyed) return leave(); // the client waited no longer
      const abort = new AbortController();
      let relay: StreamRelay | undefined;
      const sendHead = (head: ResponseHead) => {
        writeHead(head, response, options);
        if (isEndless(head)) breakOffAtStop(options.stopping, response, abort);
      };
      const onStream = (stream: ResponseStream) => {
        relay = relayStream(stream, response, sendHead);
      };
      const ended = fn.invoke(payload, { signal: abort.signal, ...(options.streams && { onStream }) });
      ended.then(leave, leave);
      const result = await withinTimeout(ended, options);
      try {
        if (result.status === 'error') throw new Error(`${result.errorType}: ${result.errorMessage}`);
        if (relay) relay.end();
        else answerWhole(result.payload, response, options);
      } catch (error) {
        if (!abort.signal.aborted) {
          options.onWarning(`A request to ${fn.functionName} failed: ${(error as Error).message}`);
        }
        throw options.failure;
      }
    },
  };
}

/** A host that streams passes a plain return value on as it is: only one that buffers interprets it. */
function answerWhole(payload: string, response: ServerResponse, options: InvocationOptions): void {
  const { status, headers, body } = options.streams
    ? { status: 200, headers: { 'content-type': 'application/json' }, body: payload }
    : proxyResponse(payload, options.defaultType);
  const isWithoutBody = status === 204 || status === 304;
  const length = isWithoutBody ? {} : { 'content-length': Buffer.byteLength(body) };
  writeHead({ status, headers: { ...headers, ...length } }, response, options);
  response.end(body);
}

function writeHead(head: ResponseHead, response: ServerResponse, { cors, origin }: InvocationOptions): void {
  response.writeHead(head.status, cors ? withCors(head.headers, cors, origin) : head.headers);
}

async function withinTimeout(
  ended: Promise<InvokeResult>,
  { timeout }: InvocationOptions,
): Promise<InvokeResult> {
  if (!timeout) return ended;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(timeout.answer), timeout.ms);
  return Promise.race([ended, late]).finally(() => clearTimeout(timer));
}

function isEndless({ headers }: ResponseHead): boolean {
  return String(headers['content-type']).startsWith('text/event-stream');
}

/** Nobody waits for the end of an event stream when the platform stops: its client connects again. */
function breakOffAtStop(stopping: AbortSignal, response: ServerResponse, abort: AbortController): void {
  const breakOff = () => {
    response.destroy();
    abort.abort();
  };
  if (stopping.aborted) breakOff();
  stopping.addEventListener('abort', breakOff);
  response.on('close', () => stopping.removeEventListener('abort', breakOff));
}
