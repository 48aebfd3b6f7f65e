import { isForDynamo } from './dynamo.ts';
import { cameByNetwork } from './loopback.ts';
import { type App, type Reply, type Request, sendError, sqsAction } from './protocol.ts';
import { isForScheduler, schedulerAction } from './scheduler.ts';

/** What happens to one request instead of, or besides, being handled. */
export type Fault =
  | { kind: 'delay'; ms: number }
  | { kind: 'error'; status: number; code: string }
  /** The connection is cut before the request is handled. */
  | { kind: 'drop' }
  /** The request is handled, then the connection is cut: the caller cannot know. */
  | { kind: 'dropAfter' };

export interface FaultRequest {
  service: 'sqs' | 'sns' | 's3' | 'dynamodb' | 'scheduler';
  /** The action's name; for S3 the HTTP method. */
  action: string;
}

/** Chooses the fault of a request, if it gets one. */
export type Faults = (request: FaultRequest) => Fault | undefined;

/**
 * Lets `faults()` decide about every request from the network; requests from this process pass untouched. To be
 * installed before DynamoDB and Scheduler, which take their requests over unread.
 */
export function installFaults(app: App, faults: () => Faults | undefined): void {
  const answersToDrop = new WeakSet<object>();

  app.addHook('onRequest', (request, reply, done) => {
    const asked = unreadRequest(request);
    if (asked === undefined) return done();
    const fault = chosen(faults, request, asked);
    if (fault?.kind === 'dropAfter') dropAtEnd(request, reply);
    inject(fault, request, reply, done);
  });

  app.addHook('preHandler', (request, reply, done) => {
    const fault = chosen(faults, request, faultRequest(request));
    if (fault?.kind === 'dropAfter') answersToDrop.add(request);
    inject(fault, request, reply, done);
  });

  app.addHook('onSend', (request, _reply, payload, done) => {
    if (answersToDrop.has(request)) request.raw.socket.destroy();
    done(null, payload);
  });
}

function chosen(faults: () => Faults | undefined, { raw }: Request, asked: FaultRequest): Fault | undefined {
  return cameByNetwork(raw) ? faults()?.(asked) : undefined;
}

function inject(fault: Fault | undefined, request: Request, reply: Reply, done: () => void): void {
  switch (fault?.kind) {
    case 'delay':
      // Does not keep the process alive once the engine has stopped.
      setTimeout(done, fault.ms).unref();
      return;
    case 'error':
      sendError(request, reply, { ...fault, message: 'Injected fault' });
      return;
    case 'drop':
      reply.hijack();
      request.raw.socket.destroy();
      return;
  }
  done();
}

/** DynamoDB's and Scheduler's requests tell their action without being read. */
function unreadRequest({ headers, method, url }: Request): FaultRequest | undefined {
  if (isForScheduler(headers)) {
    return { service: 'scheduler', action: schedulerAction(method, url).action ?? method };
  }
  if (!isForDynamo(headers)) return undefined;
  return { service: 'dynamodb', action: String(headers['x-amz-target']).replace(/^.*\./, '') };
}

/** DynamoDB's answers do not pass through the app's hooks. */
function dropAtEnd({ raw }: Request, reply: Reply): void {
  reply.raw.end = () => {
    raw.socket.destroy();
    return reply.raw;
  };
}

function faultRequest(request: Request): FaultRequest {
  const action = sqsAction(request.headers);
  if (action) return { service: 'sqs', action };
  const { Action } = (request.body ?? {}) as { Action?: unknown };
  if (request.url === '/' && typeof Action === 'string') return { service: 'sns', action: Action };
  return { service: 's3', action: request.method };
}
