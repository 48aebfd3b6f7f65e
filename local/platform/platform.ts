import { resolve } from 'node:path';
import { type AlarmBoard, startAlarmBoard } from '../aws/alarms/alarmBoard.ts';
import { type Clock, systemClock } from '../aws/alarms/clock.ts';
import { type Mailbox, startMailbox } from '../aws/alarms/mailbox.ts';
import { type Assembly, readAssembly } from '../aws/assembly/assembly.ts';
import { type Engine, type Faults, startEngine } from '../aws/engine/engine.ts';
import type { QueueState } from '../aws/engine/queueState.ts';
import { createListeners } from '../aws/http/listeners.ts';
import type { LocalFunction } from '../aws/lambda/function.ts';
import { apiNames, runningApis } from '../aws/resources/apis.ts';
import { codeDirectory } from '../aws/resources/function.ts';
import { type ApplyResult, createReconciler, type Reconciler } from '../aws/resources/reconcile.ts';
import type { ResourceContext } from '../aws/resources/resourceType.ts';
import { imageDirectory } from '../aws/resources/taskDefinition.ts';
import { schedulerApi } from '../aws/scheduler/api.ts';
import { type Scheduler, startScheduler } from '../aws/scheduler/scheduler.ts';
import { createPlatformEvents } from './events.ts';
import { attributeFilteredSubscriptions, isDeadLetterQueue } from './jobs.ts';
import { type JobMessage, publishToJobs } from './jobTopic.ts';
import { type Claim, claimDirectory, refuseIfRunning } from './platformFile.ts';
import { createRecentPast } from './recentPast.ts';
import { noRouting, routingOf, writtenRouting } from './routing.ts';
import { type InFlight, inFlight, killProcesses } from './runners.ts';
import { takeSnapshot } from './snapshot.ts';
import type { PlatformEvent, PlatformSnapshot } from './view.ts';

export { type JobMessage, PublishError } from './jobTopic.ts';

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
  const { emit, subscribe } = createPlatformEvents(options.onEvent);
  const recent = createRecentPast();
  const onWarning = (text: string) => emit({ type: 'warning', text });
  let consoleUrl: string | undefined;
  let lastApply: ApplyResult | undefined;
  let routing = noRouting;
  let applying: Promise<unknown> = Promise.resolve();
  let stopped: Promise<void> | undefined;
  const functions = new Map<string, LocalFunction>();
  const tasks: ResourceContext['tasks'] = { definitions: new Map(), services: new Map() };
  const runners = { functions, services: tasks.services };
  const scaling: ResourceContext['scaling'] = { targets: new Map(), policies: new Map() };
  const apiListeners = createListeners(options.apiPort ?? 0, onWarning);
  engine.buckets.servePagesFrom(() => apiListeners.origins());
  /** For a process that ends without a stop: a handler in an endless loop would outlive it. */
  const killAll = () => killProcesses(runners);
  process.once('exit', killAll);

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
  const stopCounting = engine.onPublish((publish) => {
    const { topicArn, messageId, messageAttributes } = publish;
    if (topicArn === routing.topicArn) recent.countPublish(routing.jobs, publish);
    emit({ type: 'publish', topicArn, messageId, jobName: messageAttributes.jobName?.StringValue });
  });

  return {
    endpoint,
    region,
    speed,
    events: { subscribe },
    snapshot,
    inspectQueue: (queueName: string) => engine.inspectQueue(queueName),
    apply: async (assemblyDirectory: string) => applyAssembly(await readAssembly(assemblyDirectory)),
    applyAssembly,
    publish: (message: JobMessage) => publishToJobs(engine, routing.topicArn, message),
    announceConsole: async (url: string) => {
      consoleUrl = url;
      await writePlatformFile();
    },
    setFaults: (faults: Faults | undefined) => engine.setFaults(faults),
    codeDirectories: () =>
      [...reconciler.resources(), ...reconciler.kept()].flatMap(
        (resource) => codeDirectory(resource) ?? imageDirectory(resource) ?? [],
      ),
    inFlight: () => inFlight(runners),
    stop: ({ drainMs = Number.POSITIVE_INFINITY } = {}) => {
      stopped ??= stop(drainMs);
      return stopped;
    },
  };

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
    routing = routingOf(resources, api && apiListeners.urlOf(api));
    await writePlatformFile();
    emit({ type: 'apply', result });
    return result;
  }

  async function writePlatformFile(): Promise<void> {
    if (stopped) return;
    await claim.write({
      endpoint,
      region,
      ...writtenRouting(routing, engine),
      consoleUrl: consoleUrl ?? null,
      speed,
    });
  }

  function snapshot(): Promise<PlatformSnapshot> {
    return takeSnapshot({
      engine,
      reconciler,
      alarms,
      scheduler,
      mailbox,
      recent,
      routing,
      consoleUrl,
      lastApply,
    });
  }

  async function stop(drainMs: number): Promise<void> {
    await claim.remove();
    await applying;
    await scheduler.stop();
    const answersMs = Math.min(drainMs, Math.max(SLOW_READER_MS, inFlight(runners).atMostMs));
    await reconciler.stop(drainMs, apiListeners.stop(answersMs));
    await alarms.stop();
    await mailbox.stop();
    stopCounting();
    await engine.stop();
    await claim.release();
    process.removeListener('exit', killAll);
  }
}
