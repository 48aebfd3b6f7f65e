import type { AlarmBoard } from '../aws/alarms/alarmBoard.ts';
import type { Mailbox } from '../aws/alarms/mailbox.ts';
import type { Engine } from '../aws/engine/engine.ts';
import type { ApplyResult, Reconciler } from '../aws/resources/reconcile.ts';
import type { Scheduler } from '../aws/scheduler/scheduler.ts';
import type { JobResources } from './jobs.ts';
import type { RecentPast } from './recentPast.ts';
import type { Routing } from './routing.ts';
import type { JobView, PlatformSnapshot, QueueView } from './view.ts';

/** What a snapshot is taken of. */
export interface SnapshotSubject {
  readonly engine: Engine;
  readonly reconciler: Reconciler;
  readonly alarms: AlarmBoard;
  readonly scheduler: Scheduler;
  readonly mailbox: Mailbox;
  readonly recent: RecentPast;
  readonly routing: Routing;
  readonly consoleUrl: string | undefined;
  readonly lastApply: ApplyResult | undefined;
}

export async function takeSnapshot(subject: SnapshotSubject): Promise<PlatformSnapshot> {
  const { engine, routing, consoleUrl, lastApply, recent } = subject;
  const { jobs, ...addresses } = routing;
  return {
    endpoint: engine.endpoint,
    region: engine.region,
    ...addresses,
    consoleUrl,
    speed: engine.speed,
    jobs: await Promise.all(jobs.map((job) => jobView(job, engine))),
    otherQueues: await Promise.all(otherQueues(subject).map((name) => queueView(name, engine))),
    alarms: subject.alarms.list(),
    schedules: subject.scheduler.list(),
    problems: lastApply?.problems ?? [],
    notEvaluated: lastApply?.notEvaluated ?? [],
    logLines: recent.logLines(),
    mails: subject.mailbox.recent(),
    publishes: recent.publishes(),
  };
}

/** Those of no job, and those that a job left behind. */
function otherQueues({ reconciler, routing }: SnapshotSubject): string[] {
  const ofJobs = new Set(
    routing.jobs.flatMap(({ queueName, deadLetterQueueName }) => [queueName, deadLetterQueueName]),
  );
  return [...reconciler.resources(), ...reconciler.kept()]
    .filter(({ type, name }) => type === 'AWS::SQS::Queue' && !ofJobs.has(name))
    .map(({ name }) => name);
}

async function jobView(job: JobResources, engine: Engine): Promise<JobView> {
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
