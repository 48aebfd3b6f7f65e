import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The part of the ECS container agent's API that a worker uses: scale-in protection of its own task. */
export interface AgentEndpoint {
  /** The ECS_AGENT_URI of one task. */
  uriOf(taskId: string): string;
  isProtected(taskId: string): boolean;
  forget(taskId: string): void;
  stop(): void;
}

/**
 * @param onUnprotected called when a task has given up its protection
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export async function startAgentEndpoint(onUnprotected: () => void): Promise<AgentEndpoint> {
  const protectedUntilMs = new Map<string, number>();
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const { port } = server.address() as AddressInfo;

  return {
    uriOf: (taskId) => `http://127.0.0.1:${port}/${taskId}`,
    isProtected: (taskId) => (protectedUntilMs.get(taskId) ?? 0) > Date.now(),
    forget: (taskId) => void protectedUntilMs.delete(taskId),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };

  async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const [, taskId = ''] = /^\/([^/]+)\/task-protection\/v1\/state$/.exec(request.url ?? '') ?? [];
    if (taskId === '') return { status: 404, body: {} };
    if (request.method === 'PUT') set(taskId, JSON.parse(await textOf(request)) as ProtectionRequest);
    const until = protectedUntilMs.get(taskId);
    return {
      status: 200,
      body: {
        protection: {
          ProtectionEnabled: until !== undefined,
          ...(until === undefined ? {} : { ExpirationDate: new Date(until).toISOString() }),
          TaskArn: taskId,
        },
      },
    };
  }

  function set(taskId: string, { ProtectionEnabled, ExpiresInMinutes = 120 }: ProtectionRequest): void {
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
  readonly ExpiresInMinutes?: number;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
