import { readReason, reasonAttribute } from '../../src/message/deadLetterReason.ts';
import { readMessage } from '../../src/message/received.ts';
import { sqsRecord } from '../../src/message/sqsRecord.ts';
import { lastPart, platformNames } from '../../src/names.ts';
import type { QueuedMessage } from '../aws/engine/queueState.ts';
import { type LogEntry, readLogLine } from '../platform/logLine.ts';
import type { Platform } from '../platform/platform.ts';
import type { JobFiring, PlatformEvent, PlatformSnapshot } from '../platform/view.ts';
import { alarmed, type DemoMessage, type Fate, recurring } from './messages.ts';

/** What is known of a message. */
export interface Tracked extends DemoMessage {
  payload: unknown;
  expected: Fate;
  /** For a job that recurs, its schedule's name: the ID of each firing begins with it. */
  readonly jobId: string;
  /** How often the job was run so far. */
  attempts: number;
  /** Where the message is, in a few words: `published`, `retries in 30 s`, … */
  state: string;
  fate?: Fate;
  /** Why the message is a dead letter: its reason, which it carries itself. */
  reason?: string;
}

/** Follows messages through the platform: their attempts in the functions' logs, their ends in the queues. */
export interface Tracker {
  readonly messages: readonly Tracked[];
  /** The alarm e-mail; undefined until it has come. */
  alarmMail(): { file: string; subject: string; text: string } | undefined;
  hear(event: PlatformEvent): void;
  /** Looks into the dead-letter queues and the unrouted queue. */
  look(platform: Platform): Promise<void>;
  isDone(): boolean;
  /** Expects a dead letter, which is mended and sent back, to succeed. */
  reopen(message: Tracked, payload: unknown): void;
}

export function track(published: readonly (DemoMessage & { jobId: string })[]): Tracker {
  const messages: Tracked[] = published.map((message) => ({
    ...message,
    attempts: 0,
    state: (message.comes ?? 'now') === 'now' ? 'published' : `comes ${message.comes}`,
  }));
  const firings = new Set<string>();
  let mail: ReturnType<Tracker['alarmMail']>;
  return {
    messages,
    alarmMail: () => mail,
    reopen(message, payload) {
      delete message.fate;
      delete message.reason;
      Object.assign(message, { payload, expected: 'succeeded', attempts: 0, state: 'sent back' });
    },
    isDone: () => mail !== undefined && messages.every(({ fate }) => fate !== undefined),
    hear(event) {
      if (event.type === 'mail' && event.mail.subject.includes(`-${alarmed.jobName}-`)) mail = event.mail;
      if (event.type === 'schedule') hearFiring(event.firing, messages);
      if (event.type === 'log') hearLog(event.line.text, messages, firings);
    },
    async look(platform) {
      const snapshot = await platform.snapshot();
      const found = await Promise.all(endQueues(snapshot).map((end) => messagesAtEnd(platform, end)));
      for (const { jobId, ...end } of found.flat()) {
        const message = messages.find((tracked) => tracked.jobId === jobId);
        if (message) Object.assign(message, end, { state: end.fate });
      }
    },
  };
}

/** Notes that a schedule has fired. A delayed job's schedule has the job's ID as its name. */
function hearFiring({ name, state }: JobFiring, messages: readonly Tracked[]): void {
  const message = messages.find(({ jobId }) => jobId === name);
  if (message === undefined || message.attempts > 0 || state === undefined) return;
  message.state = state === 'delivered' ? 'fired by its schedule' : `its schedule: ${state}`;
}

/** Notes the outcome in a line of the runtime. A dead outcome is left to the dead letter, which has the reason. */
function hearLog(text: string, messages: readonly Tracked[], firings: Set<string>): void {
  const line = readLogLine(text)?.fields;
  if (line?.outcome === undefined) return;
  const recurs = messages.find(({ jobId }) => jobId === recurring.schedule);
  if (recurs && line.jobId?.startsWith(`${recurring.schedule}-`)) hearRun(recurs, line, firings);
  const message = messages.find(({ jobId }) => jobId === line.jobId);
  if (message === undefined || line.outcome === 'dead') return;
  message.attempts = Math.max(message.attempts, line.attempt ?? 0);
  message.state = line.outcome === 'retry' ? `retries in ${line.delaySeconds} s` : line.outcome;
  if (line.outcome === 'succeeded') message.fate = 'succeeded';
}

/** Counts the firings of the recurring job. Each is a job of its own, and enough of them have to succeed. */
function hearRun(recurs: Tracked, { jobId = '', outcome }: LogEntry['fields'], firings: Set<string>): void {
  if (recurs.fate !== undefined) return;
  if (outcome === 'succeeded') firings.add(jobId);
  recurs.attempts = firings.size;
  const isSeen = firings.size >= recurring.firings;
  recurs.state = isSeen || outcome !== 'succeeded' ? `${outcome}` : 'fired by its schedule';
  if (isSeen) recurs.fate = 'succeeded';
}

interface EndQueue {
  readonly queueName: string;
  readonly fate: Fate;
}

function endQueues({ jobs, otherQueues, topicArn = '' }: PlatformSnapshot): EndQueue[] {
  const deadLetterQueues = jobs.flatMap(({ deadLetterQueueUrl }) =>
    deadLetterQueueUrl === undefined ? [] : lastPart(deadLetterQueueUrl),
  );
  const { unroutedQueue } = platformNames(lastPart(topicArn));
  const unrouted = otherQueues.filter(({ queueName }) => queueName === unroutedQueue);
  return [
    ...deadLetterQueues.map((queueName) => ({ queueName, fate: 'dead letter' as const })),
    ...unrouted.map(({ queueName }) => ({ queueName, fate: 'unrouted' as const })),
  ];
}

/** What a message in an end queue tells. Only a dead letter has attempts and a reason. */
interface End {
  readonly jobId: string;
  readonly fate: Fate;
  readonly attempts?: number;
  readonly reason?: string;
}

async function messagesAtEnd(platform: Platform, { queueName, fate }: EndQueue): Promise<End[]> {
  const queue = await platform.inspectQueue(queueName);
  return [...(queue?.visible ?? []), ...(queue?.notVisible ?? [])].map((message) => {
    const { body: Body, messageAttributes: MessageAttributes } = message;
    return { jobId: readMessage(sqsRecord({ Body, MessageAttributes })).jobId, fate, ...reasonOf(message) };
  });
}

function reasonOf(message: QueuedMessage): Pick<End, 'attempts' | 'reason'> {
  const {
    sentTimestamp: sentAtMs,
    receiveCount,
    deadLetterSourceArn: sourceArn,
    messageAttributes,
  } = message;
  const text = messageAttributes[reasonAttribute]?.StringValue;
  const { reason } = readReason(text, { sentAtMs, receiveCount, sourceArn });
  if (typeof reason === 'string') return {};
  return { attempts: reason.attempts, reason: `${reason.name}: ${reason.message}` };
}
