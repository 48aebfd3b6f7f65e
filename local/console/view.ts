import { isAlarmOf, lastPart } from '../../src/names.ts';
import type { Mail } from '../aws/alarms/mailbox.ts';
import type { Problem } from '../aws/resources/resourceType.ts';
import { type JobView, type PlatformSnapshot, type QueueView, withoutAttributes } from '../platform/view.ts';

/** What the page shows of the platform, except for the log. Plain JSON. */
export interface ConsoleView {
  readonly endpoint: string;
  /** Null when the template has no API. */
  readonly apiUrl: string | null;
  readonly region: string;
  /** Null when the template has no topic with job subscriptions. */
  readonly topicArn: string | null;
  readonly speed: number;
  readonly jobs: readonly ConsoleJob[];
  /** Queues that belong to no job: unrouted, undelivered, … */
  readonly otherQueues: readonly ConsoleQueue[];
  readonly alarms: readonly ConsoleAlarm[];
  /** What fires next comes first; at most {@link SHOWN_SCHEDULES}. */
  readonly schedules: readonly ConsoleSchedule[];
  /** The number of all schedules. Delayed jobs are schedules, too. */
  readonly scheduleCount: number;
  readonly problems: readonly Problem[];
  readonly notEvaluated: readonly string[];
  /** Newest first. */
  readonly mails: readonly MailSummary[];
  /** How many messages the job topic has accepted since the start. */
  readonly published: number;
  /** How many of them had a `jobName` that no job has. */
  readonly unrouted: number;
  /** How many of them had no attribute: they are in no queue, since they match no filter policy. */
  readonly withoutAttributes: number;
}

export interface ConsoleQueue {
  readonly queueName: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** In ms since the epoch. Null for an empty queue. */
  readonly oldestSentAtMs: number | null;
}

export interface ConsoleJob extends ConsoleQueue {
  readonly name: string;
  /** The name of the function or the service that runs the job; its log lines carry that name. */
  readonly functionName: string | null;
  readonly isService: boolean;
  readonly deadLetterQueueName: string | null;
  /** Messages in the dead-letter queue. */
  readonly dead: number;
  readonly published: number;
  readonly runs: RunCounts;
}

/** The outcomes of a queue's messages in the event source mapping since the console started. */
export interface RunCounts {
  /** Messages that succeeded, or were sent to the dead-letter queue with a reason. */
  readonly acknowledged: number;
  /** How often messages came back to the queue. */
  readonly failed: number;
  /** Invocations that ended without an answer: timeouts, crashes, bundles that do not load. */
  readonly brokenInvocations: number;
  /** How long the last invocation took. Null before the first. */
  readonly lastDurationMs: number | null;
}

export interface ConsoleAlarm {
  readonly name: string;
  readonly description: string | null;
  /** `SCALING`: the alarm is in state ALARM, and does nothing but scale a service. */
  readonly state: 'OK' | 'ALARM' | 'SCALING' | 'INSUFFICIENT_DATA';
  readonly reason: string;
  readonly sinceMs: number;
  /** When the alarm goes off, in words, with its threshold. */
  readonly condition: string;
  /** The queue that the alarm watches. For an alarm on a job's dead letters, the job's own queue. */
  readonly queueName: string | null;
}

export interface ConsoleSchedule {
  readonly name: string;
  readonly groupName: string;
  /** Null for a schedule that does not publish to a job. */
  readonly jobName: string | null;
  readonly expression: string;
  readonly timezone: string;
  readonly state: 'ENABLED' | 'DISABLED';
  /** The times that the expression gives, and the real times at which they come. */
  readonly nextFirings: readonly { readonly scheduledAtMs: number; readonly atMs: number }[];
  /** Null before the first firing. */
  readonly lastFiring: {
    readonly scheduledAtMs: number;
    readonly atMs: number;
    readonly state: 'firing' | 'delivered' | 'retrying' | 'dead' | 'cancelled';
    readonly error: string | null;
  } | null;
}

export interface MailSummary {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly atMs: number;
}

const SHOWN_SCHEDULES = 50;

export const noRuns: RunCounts = { acknowledged: 0, failed: 0, brokenInvocations: 0, lastDurationMs: null };

/** @param runs the counts by the queue's name */
export function consoleView(snapshot: PlatformSnapshot, runs: ReadonlyMap<string, RunCounts>): ConsoleView {
  const { endpoint, apiUrl, region, topicArn, speed, otherQueues, problems, notEvaluated, mails, publishes } =
    snapshot;
  const publishedOf = new Map(Object.entries(publishes));
  const jobs = snapshot.jobs.map((job) => jobView(job, publishedOf.get(job.name), runs.get(job.queueName)));
  const queues = [...jobs, ...otherQueues].map(({ queueName }) => queueName);
  return {
    endpoint,
    apiUrl: apiUrl ?? null,
    region,
    topicArn: topicArn ?? null,
    speed,
    jobs,
    otherQueues: otherQueues.map(queueView),
    alarms: snapshot.alarms.map((alarm) => alarmView(alarm, queues)),
    schedules: snapshot.schedules.slice(0, SHOWN_SCHEDULES).map(scheduleView),
    scheduleCount: snapshot.schedules.length,
    problems,
    notEvaluated,
    mails: mails.map(mailSummary),
    published: Object.values(publishes).reduce((sum, count) => sum + count, 0),
    unrouted: publishes[''] ?? 0,
    withoutAttributes: publishes[withoutAttributes] ?? 0,
  };
}

/** The mailbox's mail with that ID. */
export function mailOf(id: string, { mails }: PlatformSnapshot): Mail | undefined {
  return mails.find((mail) => mailId(mail) === id);
}

/** The names of all queues whose messages the page may show. */
export function queueNames({ jobs, otherQueues }: PlatformSnapshot): string[] {
  const ofJobs = jobs.flatMap((job) => [job.queueName, deadLetterQueueName(job)]);
  return [...ofJobs, ...otherQueues.map(({ queueName }) => queueName)].filter((name) => name !== null);
}

function jobView(job: JobView, published = 0, runs = noRuns): ConsoleJob {
  const { name, functionName, serviceName, dead } = job;
  return {
    name,
    functionName: functionName ?? serviceName ?? null,
    isService: serviceName !== undefined,
    ...queueView(job),
    deadLetterQueueName: deadLetterQueueName(job),
    dead,
    published,
    runs,
  };
}

function queueView({ queueName, visible, inFlight, delayed, oldestSentAtMs }: QueueView): ConsoleQueue {
  return { queueName, visible, inFlight, delayed, oldestSentAtMs: oldestSentAtMs ?? null };
}

/** The queue's name, with which its URL ends. */
function deadLetterQueueName({ deadLetterQueueUrl }: JobView): string | null {
  return deadLetterQueueUrl === undefined ? null : lastPart(deadLetterQueueUrl);
}

type AlarmView = PlatformSnapshot['alarms'][number];

function alarmView(alarm: AlarmView, queues: readonly string[]): ConsoleAlarm {
  const { name, description, scales, state, reason, since, condition } = alarm;
  return {
    name,
    description: description ?? null,
    state: scales && state === 'ALARM' ? 'SCALING' : state,
    reason,
    sinceMs: since.getTime(),
    condition,
    queueName: watchedQueue(name, queues),
  };
}

function scheduleView(schedule: PlatformSnapshot['schedules'][number]): ConsoleSchedule {
  const { name, groupName, jobName, expression, timezone, state, nextFirings, lastFiring } = schedule;
  return {
    name,
    groupName,
    jobName: jobName ?? null,
    expression,
    timezone,
    state,
    nextFirings: nextFirings.map(({ scheduledAt, at }) => ({
      scheduledAtMs: scheduledAt.getTime(),
      atMs: at.getTime(),
    })),
    lastFiring: lastFiring
      ? {
          scheduledAtMs: lastFiring.scheduledAt.getTime(),
          atMs: lastFiring.at.getTime(),
          state: lastFiring.state ?? 'firing',
          error: lastFiring.error ?? null,
        }
      : null,
  };
}

/** Alarms are named after what they watch: `<queue>-backlog`, `<queue>-dead-letters-age`, `<queue>`. */
function watchedQueue(alarmName: string, queues: readonly string[]): string | null {
  const candidates = queues.filter((queue) => isAlarmOf(alarmName, queue));
  return candidates.sort((a, b) => b.length - a.length)[0] ?? null;
}

function mailSummary(mail: Mail): MailSummary {
  return { id: mailId(mail), to: mail.to, subject: mail.subject, atMs: mail.at.getTime() };
}

/** The file's name without folder and ending. IDs are only compared, and never become a path again. */
function mailId({ file }: Mail): string {
  return (file.split(/[\\/]/).at(-1) ?? '').replace(/\.eml$/, '');
}
