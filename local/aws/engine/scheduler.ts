import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { EngineError } from './errors.ts';
import type { App, Reply } from './protocol.ts';

/** One request of EventBridge Scheduler's REST API. */
export interface SchedulerRequest {
  /** As in the SDK: `CreateSchedule`; undefined for what Scheduler does not have. */
  readonly action: string | undefined;
  /** The part of the path that names a schedule or a group. */
  readonly name: string | undefined;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Gives what is answered as JSON. Throws EngineError with AWS's code. */
export type SchedulerApi = (request: SchedulerRequest) => object;

/** An Input has at most 256 KB; twice that for the JSON around it and its escapes. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * EventBridge Scheduler at the same endpoint as SNS and SQS. Its requests are told from S3's by what they are signed
 * for; whose signature it is does not matter.
 */
export function installScheduler(app: App, api: () => SchedulerApi | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!isForScheduler(request.headers)) return;
    try {
      const { action, name } = schedulerAction(request.method, request.url);
      const query = new URL(request.url, 'http://localhost').searchParams;
      const body = await bodyOf(request.raw);
      const answer = api();
      if (!answer) throw new EngineError('ServiceUnavailable', 'No scheduler runs here.', 503);
      send(reply, 200, answer({ action, name, query, body }));
    } catch (error) {
      const { code, status, message } =
        error instanceof EngineError
          ? error
          : new EngineError('InternalServerException', String((error as Error)?.stack ?? error), 500);
      sendSchedulerError(reply, { code, status, message });
    }
    return reply;
  });
}

export function isForScheduler({ authorization = '' }: { authorization?: string | undefined }): boolean {
  return /Credential=[^,]*\/scheduler\/aws4_request/.test(authorization);
}

/** Which action a method and path ask for, and on what. */
export function schedulerAction(
  method: string,
  url: string,
): { action: string | undefined; name: string | undefined } {
  const [, collection = '', name, ...rest] = (url.split('?')[0] ?? '').split('/');
  const noun = nouns[collection];
  if (noun === undefined || (rest.length > 0 && noun !== 'Tags')) return { action: undefined, name };
  if (!name) return { action: method === 'GET' ? `List${noun}s` : undefined, name: undefined };
  const verb = verbs[method];
  return { action: verb && `${verb}${noun}`, name: decodeURIComponent(name) };
}

const nouns: Readonly<Record<string, string>> = {
  schedules: 'Schedule',
  'schedule-groups': 'ScheduleGroup',
  tags: 'Tags',
};

const verbs: Readonly<Record<string, string>> = {
  GET: 'Get',
  POST: 'Create',
  PUT: 'Update',
  DELETE: 'Delete',
};

/** In the protocol restJson1. */
export function sendSchedulerError(
  reply: Reply,
  { status, code, message }: { status: number; code: string; message: string },
): void {
  reply.header('x-amzn-errortype', code);
  send(reply, status, { Message: message });
}

function send(reply: Reply, status: number, answer: object): void {
  reply.status(status).header('x-amzn-requestid', randomUUID());
  reply.type('application/json').send(JSON.stringify(answer));
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      throw new EngineError('ValidationException', `The request is larger than ${MAX_BODY_BYTES} bytes.`);
    }
    chunks.push(Buffer.from(chunk));
  }
  const text = Buffer.concat(chunks).toString();
  try {
    const body = text === '' ? {} : JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  } catch {
    // said below
  }
  throw new EngineError('SerializationException', 'The request must be a JSON object.');
}
