import { inspect } from 'node:util';
import type { AlarmBoard, AlarmTransition, AlarmView } from '../aws/alarms/alarmBoard.ts';
import type { Mail, Mailbox } from '../aws/alarms/mailbox.ts';
import type { AcceptedPublish, Engine } from '../aws/engine/engine.ts';
import type { BatchOutcome } from '../aws/lambda/eventSourceMapping.ts';
import type { LogLine } from '../aws/lambda/function.ts';
import type { ApplyResult } from '../aws/resources/reconcile.ts';
import type { Problem } from '../aws/resources/resourceType.ts';
import type { Target } from '../aws/scheduler/schedule.ts';
import type { Scheduler } from '../aws/scheduler/scheduler.ts';
import type { ScheduleFiring, ScheduleView } from '../aws/scheduler/scheduleView.ts';
import { inputOf } from '../aws/scheduler/targets.ts';
import type { Deployment } from './deployment.ts';
import type { TemplateJob } from './jobs.ts';

/** Something that happens on the platform. */
export type PlatformEvent =
  | { readonly type: 'log'; readonly line: LogLine }
  | { readonly type: 'batch'; readonly outcome: BatchOutcome }
  | {
      readonly type: 'publish';
      readonly topicArn: string;
      readonly messageId: string;
      readonly jobName: string | undefined;
    }
  | { readonly type: 'alarm'; readonly transition: AlarmTransition }
  | { readonly type: 'mail'; readonly mail: Mail }
  | { readonly type: 'schedule'; readonly firing: JobFiring }
  | { readonly type: 'apply'; readonly result: ApplyResult }
  | { readonly type: 'warning'; readonly text: string };

/** The platform at one moment, for the console and tests. Plain data, except for dates. */
export interface PlatformSnapshot {
  readonly endpoint: string;
  readonly region: string;
  readonly topicArn: string | undefined;
  readonly consoleUrl: string | undefined;
  /** The URL of the first function URL or HTTP API, without a slash at its end. */
  readonly apiUrl: string | undefined;
  readonly filesBucket: string | undefined;
  readonly speed: number;
  readonly jobs: readonly JobView[];
  /** Queues that belong to no job: unrouted, undelivered, … */
  readonly otherQueues: readonly QueueView[];
  readonly alarms: readonly AlarmView[];
  /** Schedules of the template, and schedules made at run time. What fires next comes first. */
  readonly schedules: readonly JobSchedule[];
  /** What does not run here as on AWS. */
  readonly problems: readonly Problem[];
  /** What was accepted without effect: resource types with their number, and properties. */
  readonly notEvaluated: readonly string[];
  /** Bounded, oldest first. */
  readonly logLines: readonly LogLine[];
  /** Bounded, newest first. */
  readonly mails: readonly Mail[];
  /**
   * How many messages the job topic has accepted since the start, by `jobName`. Messages that no job has the name of count
   * under `''`; messages without any attribute, which no queue gets, count under `(without attributes)`.
   */
  readonly publishes: Readonly<Record<string, number>>;
}

export interface QueueView {
  readonly queueName: string;
  readonly queueUrl: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** In ms since the epoch, in real time. Undefined for an empty queue. */
  readonly oldestSentAtMs: number | undefined;
}

export interface JobView extends QueueView {
  readonly name: string;
  readonly functionName: string | undefined;
  /** For a job that runs on Fargate. Its workers' log lines carry this name. */
  readonly serviceName?: string | undefined;
  readonly deadLetterQueueUrl: string | undefined;
  /** Messages in the dead-letter queue. */
  readonly dead: number;
}

/** A schedule, with the job that it publishes to. */
export interface JobSchedule extends Omit<ScheduleView, 'target' | 'lastFiring'> {
  /** The `jobName` that it publishes with. */
  readonly jobName: string | undefined;
  readonly lastFiring: JobFiring | undefined;
}

/** One firing of a schedule, with the job that it publishes to. */
export interface JobFiring extends Omit<ScheduleFiring, 'target'> {
  readonly jobName: string | undefined;
}

type Listener = (event: PlatformEvent) => void;

/** Tells listeners what happens on a platform. */
export interface PlatformEvents {
  /** Returns a function that ends the listening. */
  subscribe(listener: Listener): () => void;
  /** A listener that throws disturbs neither the other listeners nor the caller. */
  emit(event: PlatformEvent): void;
}

/** @param first a listener from the start */
export function createPlatformEvents(first: Listener | undefined): PlatformEvents {
  const listeners = new Set<Listener>(first ? [first] : []);
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    emit: (event) => {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          process.emitWarning(`A listener of platform events failed: ${inspect(error)}`);
        }
      }
    },
  };
}

/** How many of the newest log lines are kept in memory. */
export const KEPT_LINES = 500;
/** Longer lines are cut in memory; the terminal has printed them whole. */
export const MAX_LINE_CHARACTERS = 8_192;

type RecentPast = ReturnType<typeof createRecentPast>;

type Published = Pick<AcceptedPublish, 'attributeCount' | 'messageAttributes'>;

/** The key for messages without attributes, which match no filter policy. No job can have this name. */
export const withoutAttributes = '(without attributes)';

/** What the console shows of the past: the last log lines, and the number of messages for each job. */
export function createRecentPast() {
  const lines: LogLine[] = [];
  const counts = new Map<string, number>();
  return {
    logLines: () => [...lines],
    publishes: () => Object.fromEntries(counts),
    addLogLine(line: LogLine): void {
      lines.push({ ...line, text: line.text.slice(0, MAX_LINE_CHARACTERS) });
      if (lines.length > KEPT_LINES) lines.shift();
    },
    countPublish(jobs: readonly { name: string }[], { attributeCount, messageAttributes }: Published): void {
      const jobName = messageAttributes.jobName?.StringValue;
      const unrouted = attributeCount === 0 ? withoutAttributes : '';
      const key = jobs.some(({ name }) => name === jobName) ? (jobName ?? '') : unrouted;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
  };
}

/** What a snapshot is taken of. */
interface SnapshotSubject {
  readonly engine: Engine;
  readonly deployment: Deployment;
  readonly alarms: AlarmBoard;
  readonly scheduler: Scheduler;
  readonly mailbox: Mailbox;
  readonly recent: RecentPast;
  readonly consoleUrl: string | undefined;
}

export async function takeSnapshot(subject: SnapshotSubject): Promise<PlatformSnapshot> {
  const { engine, deployment, consoleUrl, recent } = subject;
  const { jobs, ...addresses } = deployment.routing();
  const lastApply = deployment.lastApply();
  return {
    endpoint: engine.endpoint,
    region: engine.region,
    ...addresses,
    consoleUrl,
    speed: engine.speed,
    jobs: await Promise.all(jobs.map((job) => jobView(job, engine))),
    otherQueues: await Promise.all(otherQueues(subject).map((name) => queueView(name, engine))),
    alarms: subject.alarms.list(),
    schedules: subject.scheduler.list().map(jobSchedule),
    problems: lastApply?.problems ?? [],
    notEvaluated: lastApply?.notEvaluated ?? [],
    logLines: recent.logLines(),
    mails: subject.mailbox.recent(),
    publishes: recent.publishes(),
  };
}

/** Queues that belong to no job, also because their job has left the template. */
function otherQueues({ deployment }: SnapshotSubject): string[] {
  const ofJobs = new Set(
    deployment
      .routing()
      .jobs.flatMap(({ queueName, deadLetterQueueName }) => [queueName, deadLetterQueueName]),
  );
  return [...deployment.resources(), ...deployment.kept()]
    .filter(({ type, name }) => type === 'AWS::SQS::Queue' && !ofJobs.has(name))
    .map(({ name }) => name);
}

async function jobView(job: TemplateJob, engine: Engine): Promise<JobView> {
  const { name, queueName, deadLetterQueueName, functionName, serviceName } = job;
  const dead = deadLetterQueueName === undefined ? undefined : await queueView(deadLetterQueueName, engine);
  return {
    name,
    functionName,
    serviceName,
    ...(await queueView(queueName, engine)),
    deadLetterQueueUrl: dead?.queueUrl,
    dead: dead ? dead.visible + dead.inFlight + dead.delayed : 0,
  };
}

async function queueView(queueName: string, engine: Engine): Promise<QueueView> {
  const counts = await engine.queueCounts(queueName);
  return {
    queueName,
    queueUrl: engine.queueUrl(queueName),
    visible: counts?.visible ?? 0,
    inFlight: counts?.notVisible ?? 0,
    delayed: counts?.delayed ?? 0,
    oldestSentAtMs: counts?.oldestSentAtMs,
  };
}

function jobSchedule({ target, lastFiring, ...view }: ScheduleView): JobSchedule {
  return { ...view, jobName: jobNameOf(target), lastFiring: lastFiring && jobFiring(lastFiring) };
}

export function jobFiring({ target, ...firing }: ScheduleFiring): JobFiring {
  return { ...firing, jobName: jobNameOf(target) };
}

function jobNameOf({ Input }: Target): string | undefined {
  const attributes = inputOf(Input)?.MessageAttributes as
    | { jobName?: { StringValue?: unknown } }
    | null
    | undefined;
  const jobName = attributes?.jobName?.StringValue;
  return typeof jobName === 'string' ? jobName : undefined;
}
