import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { EngineError } from './errors.ts';
import type { App } from './protocol.ts';

const targetPrefix = 'DynamoDB_';

/**
 * DynamoDB at the same endpoint as SNS and SQS, on dynalite: tables, items and conditions as on AWS. What dynalite
 * lacks: transactions, PartiQL, TTL deletion (code that relies on it is wrong on AWS too, where it takes up to two
 * days) and ReturnValuesOnConditionCheckFailure. Requests are handed over unread; dynalite itself is loaded by the first.
 */
export function installDynamo(app: App): void {
  let server: Promise<Server> | undefined;
  app.addHook('onRequest', (request, reply, done) => {
    if (!isForDynamo(request.headers)) return done();
    reply.hijack();
    server ??= startDynalite();
    server.then(
      (dynalite) => {
        dynalite.emit('request', request.raw, reply.raw);
        catchWhatItThrows(request.raw, reply.raw);
      },
      (error) => reply.raw.destroy(error),
    );
  });
}

/**
 * dynalite throws where nobody can catch it: when a client goes away in the middle of its request, as a killed sandbox
 * does, and at the end of a request that has not the structure of its action.
 */
function catchWhatItThrows(request: IncomingMessage, response: ServerResponse): void {
  request.removeAllListeners('error');
  request.on('error', () => response.destroy());
  const onEnd = request.listeners('end').at(-1) as () => void;
  request.off('end', onEnd);
  request.on('end', () => {
    try {
      onEnd();
    } catch (error) {
      answerMalformed(response, error as Error);
    }
  });
}

function answerMalformed(response: ServerResponse, { message }: Error): void {
  const type = 'com.amazon.coral.service#SerializationException';
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify({ __type: type, message }));
}

export function isForDynamo(headers: Record<string, unknown>): boolean {
  return String(headers['x-amz-target'] ?? '').startsWith(targetPrefix);
}

/** One DynamoDB action from this process, without a socket. */
export async function dynamo(app: App, action: string, input: object): Promise<unknown> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `${targetPrefix}20120810.${action}`,
    // dynalite wants a signature, whosever.
    'x-amz-date': '20260101T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
  };
  const response = await app.inject({ method: 'POST', url: '/', headers, payload: JSON.stringify(input) });
  const output = JSON.parse(response.body);
  if (response.statusCode === 200) return output;
  const code = String(output.__type ?? 'InternalFailure').replace(/^.*#/, '');
  throw new EngineError(code, `DynamoDB ${action}: ${output.message ?? output.Message}`, response.statusCode);
}

/**
 * Never listens: it is given requests. Its store is in memory and needs no closing. Each item that it keeps is a slice
 * of Node's buffer pool, and holds the whole slab for as long as it lives: 64 KB an item unless slabs are smaller.
 */
async function startDynalite(): Promise<Server> {
  const { default: dynalite } = await import('dynalite');
  Buffer.poolSize = Math.min(Buffer.poolSize, 4096);
  return dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
}
