import type { Platform } from '../platform.ts';
import type { PlatformEvent, PlatformSnapshot } from '../platformView.ts';
import { alarmed, type DemoMessage, type Fate } from './messages.ts';

/** What is known of a published message. */
export interface Tracked extends DemoMessage {
  readonly jobId: string;
  /** How often it was run so far. */
  attempts: number;
  /** Where it is, in a few words: `waiting`, `retries after an error`, … */
  state: string;
  fate?: Fate;
  /** Why it is a dead letter, from the message itself. */
  reason?: string;
}

/** Follows messages through the platform: their runs in the functions' logs, their ends in the queues. */
export interface Tracker {
  readonly messages: readonly Tracked[];
  /** The file of the alarm e-mail, once it has come. */
  alarmMail(): { file: string; subject: string; text: string } | undefined;
  hear(event: PlatformEvent): void;
  /** Looks into the dead-letter queues and the unrouted queue. */
  look(platform: Platform): Promise<void>;
  isDone(): boolean;
  /** A dead letter was sent back: its fate is open again. */
  reopen(message: Tracked): void;
}

export function track(published: readonly (DemoMessage & { jobId: string })[]): Tracker {
  const messages: Tracked[] = published.map((message) => ({ ...message, attempts: 0, state: 'published' }));
  let mail: ReturnType<Tracker['alarmMail']>;
  return {
    messages,
    alarmMail: () => mail,
    reopen(message) {
      delete message.fate;
      delete message.reason;
      Object.assign(message, { attempts: 0, state: 'sent back' });
    },
    isDone: () => mail !== undefined && messages.every(({ fate }) => fate !== undefined),
    hear(event) {
      if (event.type === 'mail' && event.mail.subject.includes(`-${alarmed.jobName}-`)) mail = event.mail;
      if (event.type === 'log') hearLog(event.line.text, messages);
    },
    async look(platform) {
      const snapshot = await platform.snapshot();
      const found = await Promise.all(endQueues(snapshot).map((end) => messagesAtEnd(platform, end)));
      for (const { jobId, fate, reason } of found.flat()) {
        const message = messages.find((tracked) => tracked.jobId === jobId);
        if (message) Object.assign(message, { fate, state: fate, ...(reason ? { reason } : {}) });
      }
    },
  };
}

/** The runtime logs a line for each outcome. */
function hearLog(text: string, messages: readonly Tracked[]): void {
  const line = parsedLine(text);
  const message = messages.find(({ jobId }) => jobId === line?.jobId);
  if (message === undefined || line?.outcome === undefined) return;
  message.attempts = Math.max(message.attempts, line.attempt ?? 0);
  message.state = line.outcome === 'retry' ? `retries in ${line.delaySeconds} s` : line.outcome;
  if (line.outcome === 'succeeded') message.fate = 'succeeded';
}

interface OutcomeLine {
  readonly jobId?: string;
  readonly outcome?: string;
  readonly attempt?: number;
  readonly delaySeconds?: number;
}

function parsedLine(text: string): OutcomeLine | undefined {
  try {
    return JSON.parse(text) as OutcomeLine;
  } catch {
    return undefined;
  }
}

interface EndQueue {
  readonly queueName: string;
  readonly fate: Fate;
}

function endQueues({ jobs, otherQueues }: PlatformSnapshot): EndQueue[] {
  const deadLetterQueues = jobs.flatMap(
    ({ deadLetterQueueUrl }) => deadLetterQueueUrl?.split('/').at(-1) ?? [],
  );
  const unrouted = otherQueues.filter(({ queueName }) => queueName.endsWith('-unrouted'));
  return [
    ...deadLetterQueues.map((queueName) => ({ queueName, fate: 'dead letter' as const })),
    ...unrouted.map(({ queueName }) => ({ queueName, fate: 'unrouted' as const })),
  ];
}

async function messagesAtEnd(
  platform: Platform,
  { queueName, fate }: EndQueue,
): Promise<{ jobId: string | undefined; fate: Fate; reason?: string }[]> {
  const queue = await platform.inspectQueue(queueName);
  return [...(queue?.visible ?? []), ...(queue?.notVisible ?? [])].map(({ body, messageAttributes }) => {
    const jobId = JSON.parse(body).MessageAttributes?.jobId?.Value as string | undefined;
    const reason = messageAttributes.deadLetterReason?.StringValue;
    return { jobId, fate, ...(reason ? { reason: reasonText(reason) } : {}) };
  });
}

function reasonText(attribute: string): string {
  const { name, message } = JSON.parse(attribute) as { name: string; message: string };
  return `${name}: ${message}`;
}
