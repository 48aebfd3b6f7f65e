import { EngineError } from './errors.ts';
import type { SqsStore } from './fauxqs.ts';

const MAX_VISIBILITY_SECONDS = 43_200;
const MAX_DELAY_SECONDS = 900;

/**
 * A duration as the engine lives it: divided by the speed, but never under one second; 0 stays 0, and what
 * is under a second at speed 1 stays as it is.
 */
export function scaledSeconds(seconds: number, speed: number): number {
  return seconds > 0 && speed > 1 ? Math.max(1, seconds / speed) : seconds;
}

/**
 * Scales the durations of one SQS request in place, after checking them against AWS's limits as they were given.
 * The queue's attributes are stored as given, so that GetQueueAttributes answers the template's numbers: their
 * scaled values are written into the requests that would fall back on them. WaitTimeSeconds is never scaled, and
 * neither is a workers' queue's own visibility timeout: their heartbeats come in real time.
 * @param workerQueues the names of the queues that workers consume
 */
export function scaleSqsRequest(
  action: string,
  // biome-ignore lint/suspicious/noExplicitAny: a request body, checked member by member
  body: any,
  sqsStore: SqsStore,
  speed: number,
  workerQueues: ReadonlySet<string> = new Set(),
): void {
  const heartbeatSeconds = workerQueues.has(queueNameOf(body))
    ? queueDefault(body, sqsStore, 'VisibilityTimeout')
    : undefined;
  switch (action) {
    case 'ReceiveMessage':
      checkSeconds(body, 'VisibilityTimeout', MAX_VISIBILITY_SECONDS);
      checkSeconds(body, 'WaitTimeSeconds', 20);
      if (heartbeatSeconds !== undefined) return;
      scaleMember(body, 'VisibilityTimeout', queueDefault(body, sqsStore, 'VisibilityTimeout'), speed);
      return;
    case 'ChangeMessageVisibility':
      checkSeconds(body, 'VisibilityTimeout', MAX_VISIBILITY_SECONDS);
      if (body.VisibilityTimeout === heartbeatSeconds) return;
      scaleMember(body, 'VisibilityTimeout', undefined, speed);
      return;
    case 'ChangeMessageVisibilityBatch':
      for (const entry of entriesOf(body)) {
        // One out of range is left as it is: fauxqs refuses that entry and takes the others, as SQS does.
        if (entry.VisibilityTimeout > MAX_VISIBILITY_SECONDS) continue;
        checkSeconds(entry, 'VisibilityTimeout', MAX_VISIBILITY_SECONDS);
        if (entry.VisibilityTimeout === heartbeatSeconds) continue;
        scaleMember(entry, 'VisibilityTimeout', undefined, speed);
      }
      return;
    case 'SendMessage':
    case 'SendMessageBatch': {
      const queueDelay = queueDefault(body, sqsStore, 'DelaySeconds');
      for (const entry of action === 'SendMessage' ? [body] : entriesOf(body)) {
        checkSeconds(entry, 'DelaySeconds', MAX_DELAY_SECONDS);
        scaleMember(entry, 'DelaySeconds', queueDelay, speed);
      }
    }
  }
}

function queueNameOf({ QueueUrl }: { QueueUrl?: unknown }): string {
  return String(QueueUrl).split('/').at(-1) ?? '';
}

// biome-ignore lint/suspicious/noExplicitAny: entries of a request body
export function entriesOf(body: any): any[] {
  const entries = body.Entries ?? [];
  if (Array.isArray(entries) && entries.every((entry) => typeof entry === 'object' && entry !== null))
    return entries;
  throw new EngineError('SerializationException', 'Entries must be a list of structures.');
}

function checkSeconds(owner: Record<string, unknown>, member: string, max: number): void {
  const value = owner[member];
  if (value === undefined) return;
  if (value === null) {
    delete owner[member];
  } else if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > max) {
    throw new EngineError(
      'InvalidParameterValue',
      `Value ${JSON.stringify(value)} for parameter ${member} is invalid. Reason: Must be an integer between 0 and ${max}.`,
    );
  }
}

/** FIFO queues refuse a delay per message, so nothing is written for them. */
function queueDefault(body: { QueueUrl?: unknown }, sqsStore: SqsStore, attribute: string) {
  const queue = typeof body.QueueUrl === 'string' ? sqsStore.getQueue(body.QueueUrl) : undefined;
  if (!queue || (attribute === 'DelaySeconds' && queue.isFifo())) return undefined;
  return Number(queue.attributes[attribute]);
}

function scaleMember(
  owner: Record<string, unknown>,
  member: string,
  fallback: number | undefined,
  speed: number,
): void {
  const seconds = owner[member] ?? fallback;
  if (typeof seconds === 'number' && speed > 1) owner[member] = scaledSeconds(seconds, speed);
}
