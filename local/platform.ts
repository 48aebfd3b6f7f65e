import { resolve } from 'node:path';
import { type AlarmBoard, startAlarmBoard } from './alarms/alarmBoard.ts';
import { type Clock, systemClock } from './alarms/clock.ts';
import { type Mailbox, startMailbox } from './alarms/mailbox.ts';
import { type Assembly, readAssembly } from './assembly/assembly.ts';
import { type Engine, type Faults, startEngine } from './engine/engine.ts';
import type { QueueState } from './engine/queueState.ts';
import { createListeners } from './http/listeners.ts';
import type { LocalFunction } from './lambda/function.ts';
import { type Claim, claimDirectory, refuseIfRunning } from './platformFile.ts';
import { jobView, type PlatformEvent, type PlatformSnapshot, queueView } from './platformView.ts';
import { createRecentPast } from './recentPast.ts';
import { apiNames, filesBucketOf, runningApis } from './resources/apis.ts';
import { codeDirectory } from './resources/function.ts';
import {
  attributeFilteredSubscriptions,
  isDeadLetterQueue,
  type JobResources,
  jobsOf,
  jobTopicArn,
} from './resources/jobs.ts';
import { type ApplyResult, createReconciler, type Reconciler } from './resources/reconcile.ts';
import type { ResourceContext } from './resources/resourceType.ts';
import { imageDirectory } from './resources/taskDefinition.ts';
import { schedulerApi } from './scheduler/api.ts';
import { type Scheduler, startScheduler } from './scheduler/scheduler.ts';

export interface PlatformOptions {
  /** The cloud assembly to run. */
  readonly assemblyDirectory: string;
  /** `.local`: platform.json and the mail go there. */
  readonly stateDirectory: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Of the first function URL or HTTP API, when there is one. Default 0: any free port. */
  readonly apiPort?: number;
  /** Default us-east-1. */
  readonly region?: string;
  /** Time runs that much faster, 1 or more. Default 1. */
  readonly speed?: number;
  /** Hears everything from the very start, the first `apply` included. */
  readonly onEvent?: (event: PlatformEvent) => void;
  /** For the alarms' evaluation and the schedules; default the system's. */
  readonly clock?: Clock;
}

/** A running local platform. */
export interface Platform {
  readonly endpoint: string;
  readonly region: string;
  readonly speed: number;
  readonly events: { subscribe(listener: (event: PlatformEvent) => void): () => void };
  snapshot(): Promise<PlatformSnapshot>;
  /** A queue with its messages, without receiving them; undefined when there is none of that name. */
  inspectQueue(queueName: string): Promise<QueueState | undefined>;
  /**
   * Runs another assembly instead, applying the difference. Throws AssemblyError when it cannot be read; then nothing
   * changed.
   */
  apply(assemblyDirectory: string): Promise<ApplyResult>;
  /** Publishes to the job topic. `payload` is sent as JSON, `attributes` as String attributes. */
  publish(message: JobMessage): Promise<{ messageId: string }>;
  /** Says in platform.json where the console is. */
  announceConsole(url: string): Promise<void>;
  /** The directories that running functions and workers have their code from. */
  codeDirectories(): string[];
  /** Fault injection: asked before each request that comes over the network, such as a sandbox's, is handled. */
  setFaults(faults: Faults | undefined): void;
  /** What runs now: invocations and workers with work in hand, and how long they may take at most, by their timeouts. */
  inFlight(): InFlight;
  /**
   * Takes no more work and leaves no process, port, timer or platform.json. What is in flight may finish within
   * `drainMs`; default: as long as it may take by its timeouts.
   */
  stop(options?: { drainMs?: number }): Promise<void>;
}

export interface InFlight {
  readonly count: number;
  readonly atMostMs: number;
}

export interface JobMessage {
  readonly jobName: string;
  readonly payload: unknown;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A message that cannot be published. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
}

/**
 * Runs a cloud assembly on this machine.
 * Throws PlatformRunningError (the directory is in use), PortTakenError or AssemblyError; then nothing is left running.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  await refuseIfRunning(options.stateDirectory);
  const assembly = await readAssembly(options.assemblyDirectory);
  const engine = await startEngine({
    port: options.port,
    region: options.region ?? 'us-east-1',
    speed: options.speed ?? 1,
  });
  let undo = () => engine.stop();
  try {
    const claim = await claimDirectory(options.stateDirectory, engine.endpoint);
    const platform = createPlatform(options, engine, claim);
    undo = () => platform.stop({ drainMs: 0 });
    await platform.applyAssembly(assembly);
    return platform;
  } catch (error) {
    await undo();
    throw error;
  }
}

/** How long a client may take to read its answer, although nothing runs any more. */
const SLOW_READER_MS = 10_000;

function createPlatform(options: PlatformOptions, engine: Engine, claim: Claim) {
  const { endpoint, region, speed } = engine;
  const listeners = new Set<(event: PlatformEvent) => void>(options.onEvent ? [options.onEvent] : []);
  const recent = createRecentPast();
  const onWarning = (text: string) => emit({ type: 'warning', text });
  let consoleUrl: string | undefined;
  let lastApply: ApplyResult | undefined;
  let routing: Routing = { topicArn: undefined, jobs: [], apiUrl: undefined, filesBucket: undefined };
  let applying: Promise<unknown> = Promise.resolve();
  let stopped: Promise<void> | undefined;
  const functions = new Map<string, LocalFunction>();
  const tasks: ResourceContext['tasks'] = { definitions: new Map(), services: new Map() };
  const scaling: ResourceContext['scaling'] = { targets: new Map(), policies: new Map() };
  const apiListeners = createListeners(options.apiPort ?? 0, onWarning);
  engine.buckets.servePagesFrom(() => apiListeners.origins());
  process.once('exit', killProcesses);

  const alarms: AlarmBoard = startAlarmBoard({
    engine,
    clock: options.clock ?? systemClock,
    topology: {
      isDeadLetterQueue: (queueName) => isDeadLetterQueue(queueName, reconciler.resources()),
      attributeFilteredSubscriptions: (topicArn) =>
        attributeFilteredSubscriptions(topicArn, reconciler.resources()),
      functionErrors: (functionName) => functions.get(functionName)?.errors,
    },
    onScaling: (policyArn, breach) => scaling.policies.get(policyArn)?.(breach),
    onTransition: (transition) => emit({ type: 'alarm', transition }),
    onWarning,
  });
  const mailbox: Mailbox = startMailbox({
    engine,
    directory: resolve(options.stateDirectory, 'mail'),
    alarmTopicArns: () => alarms.topicArns(),
    onMail: (mail) => emit({ type: 'mail', mail }),
    onWarning,
  });
  const scheduler: Scheduler = startScheduler({
    engine,
    clock: options.clock ?? systemClock,
    onFiring: (firing) => emit({ type: 'schedule', firing }),
    onWarning,
  });
  engine.answerScheduler(schedulerApi(scheduler));
  const reconciler: Reconciler = createReconciler({
    place: { ...engine, apiUrl: (name) => apiListeners.urlOf(name) },
    engine,
    alarms,
    mailbox,
    scheduler,
    functions,
    apis: { listeners: apiListeners, httpApis: new Map() },
    tasks,
    scaling,
    onLog: (line) => {
      recent.addLogLine(line);
      emit({ type: 'log', line });
    },
    onBatch: (outcome) => emit({ type: 'batch', outcome }),
    onWarning,
  });
  const stopCounting = engine.onPublish(({ topicArn, messageId, messageAttributes }) => {
    const jobName = messageAttributes.jobName?.StringValue;
    if (topicArn === routing.topicArn) recent.countPublish(routing.jobs, jobName);
    emit({ type: 'publish', topicArn, messageId, jobName });
  });

  return {
    endpoint,
    region,
    speed,
    events: {
      subscribe: (listener: (event: PlatformEvent) => void) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    snapshot,
    inspectQueue: (queueName: string) => engine.inspectQueue(queueName),
    apply: async (assemblyDirectory: string) => applyAssembly(await readAssembly(assemblyDirectory)),
    applyAssembly,
    publish,
    announceConsole: async (url: string) => {
      consoleUrl = url;
      await writePlatformFile();
    },
    setFaults: (faults: Faults | undefined) => engine.setFaults(faults),
    codeDirectories: () =>
      [...reconciler.resources(), ...reconciler.kept()].flatMap(
        (resource) => codeDirectory(resource) ?? imageDirectory(resource) ?? [],
      ),
    inFlight,
    stop: ({ drainMs = Number.POSITIVE_INFINITY } = {}) => {
      stopped ??= stop(drainMs);
      return stopped;
    },
  };

  /** A listener that throws must not stop the others, nor what it was told of. */
  function emit(event: PlatformEvent): void {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        process.emitWarning(`A listener of platform events failed: ${(error as Error)?.stack ?? error}`);
      }
    }
  }

  /** One after the other, since each decides what has which port. */
  function applyAssembly(assembly: Assembly): Promise<ApplyResult> {
    const result = applying.then(() => applyNow(assembly));
    applying = result.catch(() => undefined);
    return result;
  }

  async function applyNow(assembly: Assembly): Promise<ApplyResult> {
    if (stopped) throw new Error('The platform is stopping and takes no changes.');
    const names = apiNames(assembly);
    await apiListeners.reserve(names);
    const result = await reconciler.apply(assembly);
    lastApply = result;
    const resources = reconciler.resources();
    const running = runningApis(resources);
    await apiListeners.keepOnly(running);
    const api = names.find((name) => running.includes(name));
    routing = {
      topicArn: jobTopicArn(resources),
      jobs: jobsOf(resources),
      apiUrl: api && apiListeners.urlOf(api),
      filesBucket: filesBucketOf(resources),
    };
    await writePlatformFile();
    emit({ type: 'apply', result });
    return result;
  }

  async function writePlatformFile(): Promise<void> {
    if (stopped) return;
    const jobs = routing.jobs.map(({ name, queueName, deadLetterQueueName }) => {
      const deadLetterQueueUrl =
        deadLetterQueueName === undefined ? null : engine.queueUrl(deadLetterQueueName);
      return [name, { queueUrl: engine.queueUrl(queueName), deadLetterQueueUrl }] as const;
    });
    const topicArn = routing.topicArn ?? null;
    await claim.write({
      endpoint,
      region,
      topicArn,
      consoleUrl: consoleUrl ?? null,
      apiUrl: routing.apiUrl ?? null,
      filesBucket: routing.filesBucket ?? null,
      speed,
      jobs: Object.fromEntries(jobs),
    });
  }

  async function snapshot(): Promise<PlatformSnapshot> {
    const resources = [...reconciler.resources(), ...reconciler.kept()];
    const { topicArn, jobs, apiUrl, filesBucket } = routing;
    const ofJobs = new Set(
      jobs.flatMap(({ queueName, deadLetterQueueName }) => [queueName, deadLetterQueueName]),
    );
    const others = resources.filter(({ type, name }) => type === 'AWS::SQS::Queue' && !ofJobs.has(name));
    return {
      endpoint,
      region,
      topicArn,
      consoleUrl,
      apiUrl,
      filesBucket,
      speed,
      jobs: await Promise.all(jobs.map((job) => jobView(job, engine))),
      otherQueues: await Promise.all(others.map(({ name }) => queueView(name, engine))),
      alarms: alarms.list(),
      schedules: scheduler.list(),
      problems: lastApply?.problems ?? [],
      notEvaluated: lastApply?.notEvaluated ?? [],
      logLines: recent.logLines(),
      mails: mailbox.recent(),
      publishes: recent.publishes(),
    };
  }

  async function publish({ jobName, payload, attributes = {} }: JobMessage): Promise<{ messageId: string }> {
    const TopicArn = routing.topicArn;
    if (TopicArn === undefined)
      throw new PublishError('The template has no topic with job subscriptions to publish to.');
    const Message = asJson(payload);
    const strings = Object.entries({ ...attributes, jobName });
    const MessageAttributes = Object.fromEntries(
      strings.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    );
    const { MessageId } = await engine.sns('Publish', { TopicArn, Message, MessageAttributes });
    return { messageId: MessageId };
  }

  function inFlight(): InFlight {
    const services = [...tasks.services.values()].map(({ service }) => service);
    const all = [...functions.values(), ...services];
    return {
      count: all.reduce((sum, { busy }) => sum + busy, 0),
      atMostMs: Math.max(0, ...all.map(({ remainingMs }) => remainingMs)),
    };
  }

  async function stop(drainMs: number): Promise<void> {
    await claim.remove();
    await applying;
    await scheduler.stop();
    const answersMs = Math.min(drainMs, Math.max(SLOW_READER_MS, inFlight().atMostMs));
    await reconciler.stop(drainMs, apiListeners.stop(answersMs));
    await alarms.stop();
    await mailbox.stop();
    stopCounting();
    await engine.stop();
    await claim.release();
    process.removeListener('exit', killProcesses);
  }

  /** For a process that ends without a stop: a handler in an endless loop would outlive it. */
  function killProcesses(): void {
    const services = [...tasks.services.values()].map(({ service }) => service);
    for (const pid of [...functions.values(), ...services].flatMap(({ pids }) => pids)) {
      try {
        process.kill(-pid, 'SIGKILL'); // its process group
      } catch {
        // gone already
      }
    }
  }
}

/** @throws {PublishError} for what has no JSON, or is nested deeper than it can be written */
function asJson(payload: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(payload);
  } catch (cause) {
    throw new PublishError(`The payload cannot be written as JSON: ${(cause as Error).message}.`, { cause });
  }
  if (json === undefined) throw new PublishError(`The payload must be JSON, got ${typeof payload}.`);
  return json;
}

/** What serves whom; read off the resources once for each assembly. */
interface Routing {
  readonly topicArn: string | undefined;
  readonly jobs: readonly JobResources[];
  readonly apiUrl: string | undefined;
  readonly filesBucket: string | undefined;
}
