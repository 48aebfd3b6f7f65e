import type { IncomingMessage, ServerResponse } from 'node:http';
import { isForThisMachine } from '../engine/loopback.ts';
import { HttpError } from '../http/HttpError.ts';
import { startListener } from '../http/listener.ts';
import { readBody } from '../http/requestBody.ts';

/** The part of the ECS container agent's API that a worker uses: scale-in protection of its own task. */
export interface AgentEndpoint {
  /** The ECS_AGENT_URI of one task. */
  uriOf(taskId: string): string;
  isProtected(taskId: string): boolean;
  forget(taskId: string): void;
  stop(): Promise<void>;
}

interface AgentHooks {
  /** A task has given up its protection. */
  onUnprotected(): void;
  onWarning(text: string): void;
}

/** @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html */
export async function startAgentEndpoint({ onUnprotected, onWarning }: AgentHooks): Promise<AgentEndpoint> {
  const protectedUntilMs = new Map<string, number>();
  const listener = await startListener(0, onWarning);
  listener.handler = answer;

  return {
    uriOf: (taskId) => `${listener.url}/${taskId}`,
    isProtected: (taskId) => (protectedUntilMs.get(taskId) ?? 0) > Date.now(),
    forget: (taskId) => void protectedUntilMs.delete(taskId),
    stop: () => listener.stop(0),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isForThisMachine(request)) throw new HttpError(403, {});
    const [, taskId] = /^\/([^/]+)\/task-protection\/v1\/state$/.exec(request.url ?? '') ?? [];
    if (taskId === undefined) throw new HttpError(404, {});
    if (request.method === 'PUT') set(taskId, protectionRequest(await readBody(request)));
    const until = protectedUntilMs.get(taskId);
    const protection = {
      ProtectionEnabled: until !== undefined,
      ...(until === undefined ? {} : { ExpirationDate: new Date(until).toISOString() }),
      TaskArn: taskId,
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ protection }));
  }

  function set(taskId: string, { ProtectionEnabled, ExpiresInMinutes }: ProtectionRequest): void {
    if (ProtectionEnabled) {
      protectedUntilMs.set(taskId, Date.now() + ExpiresInMinutes * 60_000);
    } else {
      protectedUntilMs.delete(taskId);
      onUnprotected();
    }
  }
}

interface ProtectionRequest {
  readonly ProtectionEnabled: boolean;
  readonly ExpiresInMinutes: number;
}

const DEFAULT_MINUTES = 120;
const MAX_MINUTES = 2_880;

/** @throws {HttpError} 400 for what the agent would refuse */
function protectionRequest(body: Buffer): ProtectionRequest {
  const { ProtectionEnabled, ExpiresInMinutes = DEFAULT_MINUTES } = jsonObject(body);
  if (typeof ProtectionEnabled !== 'boolean') throw invalid('ProtectionEnabled must be true or false');
  const minutes = Number(ExpiresInMinutes);
  if (!Number.isInteger(ExpiresInMinutes) || minutes < 1 || minutes > MAX_MINUTES) {
    throw invalid(`ExpiresInMinutes must be a whole number from 1 to ${MAX_MINUTES}`);
  }
  return { ProtectionEnabled, ExpiresInMinutes: minutes };
}

function jsonObject(body: Buffer): Record<string, unknown> {
  try {
    return { ...(JSON.parse(body.toString('utf8')) as object | null) };
  } catch {
    throw invalid('the body is not JSON');
  }
}

function invalid(why: string): HttpError {
  return new HttpError(400, {
    error: { Code: 'InvalidParameterException', Message: `UpdateTaskProtection: ${why}.` },
  });
}
