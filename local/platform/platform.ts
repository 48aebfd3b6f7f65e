import { resolve } from 'node:path';
import { type AlarmBoard, startAlarmBoard } from '../aws/alarms/alarmBoard.ts';
import { type Clock, systemClock } from '../aws/alarms/clock.ts';
import { type Mailbox, startMailbox } from '../aws/alarms/mailbox.ts';
import { type Assembly, readAssembly } from '../aws/assembly/assembly.ts';
import {
  type AcceptedPublish,
  type Engine,
  type Faults,
  type QueueState,
  startEngine,
} from '../aws/engine/engine.ts';
import { createListeners, type Listeners } from '../aws/http/listeners.ts';
import { apiNames, runningApis } from '../aws/resources/apis.ts';
import { codeDirectory } from '../aws/resources/function.ts';
import { type ApplyResult, createReconciler, type Reconciler } from '../aws/resources/reconcile.ts';
import type { ResourceContext } from '../aws/resources/resourceType.ts';
import { imageDirectory } from '../aws/resources/taskDefinition.ts';
import { schedulerApi } from '../aws/scheduler/api.ts';
import { type Scheduler, startScheduler } from '../aws/scheduler/scheduler.ts';
import { inspectPortOf } from './inspect.ts';
import {
  attributeFilteredSubscriptions,
  isDeadLetterQueue,
  type JobToPublish,
  noRouting,
  publishToJobs,
  routingOf,
  workerVariables,
  writtenRouting,
} from './jobs.ts';
import { type Claim, claimDirectory, refuseIfRunning } from './platformFile.ts';
import { createRecentPast } from './recentPast.ts';
import { type InFlight, inFlight, killProcesses, type Runners } from './deployment.ts';
import {
  createPlatformEvents,
  jobFiring,
  type PlatformEvent,
  type PlatformEvents,
  type PlatformSnapshot,
  takeSnapshot,
} from './view.ts';

interface PlatformOptions {
  /** The cloud assembly to run. */
  readonly assemblyDirectory: string;
  /** `.local`: platform.json and the mail go there. */
  readonly stateDirectory: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Of the first function URL or HTTP API, when there is one. Default 0: any free port. */
  readonly apiPort?: number;
  /** Time runs that much faster, 1 or more. Default 1. */
  readonly speed?: number;
  /** Hears everything from the very start, the first `apply` included. */
  readonly onEvent?: (event: PlatformEvent) => void;
  /** Replace or add to the variables of every function and worker. None by default. */
  readonly localVariables?: Readonly<Record<string, string>>;
  /** The job whose function Node's inspector listens for. None by default. */
  readonly inspect?: string | undefined;
  /** For the alarms' evaluation and the schedules; default the system's. */
  readonly clock?: Clock;
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
    region: 'us-east-1',
    speed: options.speed ?? 1,
  });
  let undo = () => engine.stop();
  try {
    const claim = await claimDirectory(options.stateDirectory, engine.endpoint);
    const platform = new Platform(options, engine, claim);
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

/** A running local platform. */
export class Platform {
  readonly endpoint: string;
  readonly region: string;
  readonly speed: number;
  readonly events: Pick<PlatformEvents, 'subscribe'>;
  readonly #emit: PlatformEvents['emit'];
  readonly #engine: Engine;
  readonly #claim: Claim;
  readonly #recent = createRecentPast();
  readonly #functions: ResourceContext['functions'] = new Map();
  readonly #tasks: ResourceContext['tasks'] = { definitions: new Map(), services: new Map() };
  readonly #scaling: ResourceContext['scaling'] = { targets: new Map(), policies: new Map() };
  readonly #runners: Runners = { functions: this.#functions, services: this.#tasks.services };
  readonly #apiListeners: Listeners;
  readonly #alarms: AlarmBoard;
  readonly #mailbox: Mailbox;
  readonly #scheduler: Scheduler;
  readonly #reconciler: Reconciler;
  readonly #stopCounting: () => void;
  readonly #localVariables: Readonly<Record<string, string>>;
  readonly #inspectedJob: string | undefined;
  #routing = noRouting;
  #consoleUrl: string | undefined;
  #lastApply: ApplyResult | undefined;
  #applying: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  readonly #warn = (text: string) => this.#emit({ type: 'warning', text });
  /** For a process that ends without a stop: a handler in an endless loop would outlive it. */
  readonly #killProcesses = () => killProcesses(this.#runners);

  constructor(options: PlatformOptions, engine: Engine, claim: Claim) {
    const clock = options.clock ?? systemClock;
    this.endpoint = engine.endpoint;
    this.region = engine.region;
    this.speed = engine.speed;
    const { emit, subscribe } = createPlatformEvents(options.onEvent);
    this.events = { subscribe };
    this.#emit = emit;
    this.#engine = engine;
    this.#localVariables = options.localVariables ?? {};
    this.#inspectedJob = options.inspect;
    this.#claim = claim;
    this.#apiListeners = createListeners(options.apiPort ?? 0, this.#warn);
    engine.buckets.servePagesFrom(() => this.#apiListeners.origins());
    process.once('exit', this.#killProcesses);
    this.#alarms = this.#startAlarms(clock);
    this.#mailbox = this.#startMailbox(resolve(options.stateDirectory, 'mail'));
    this.#scheduler = this.#startScheduler(clock);
    engine.answerScheduler(schedulerApi(this.#scheduler));
    this.#reconciler = this.#createReconciler();
    this.#stopCounting = engine.onPublish((publish) => this.#hearPublish(publish));
  }

  snapshot(): Promise<PlatformSnapshot> {
    return takeSnapshot({
      engine: this.#engine,
      reconciler: this.#reconciler,
      alarms: this.#alarms,
      scheduler: this.#scheduler,
      mailbox: this.#mailbox,
      recent: this.#recent,
      routing: this.#routing,
      consoleUrl: this.#consoleUrl,
      lastApply: this.#lastApply,
    });
  }

  /** A queue with its messages, without receiving them; undefined when there is none of that name. */
  inspectQueue(queueName: string): Promise<QueueState | undefined> {
    return this.#engine.inspectQueue(queueName);
  }

  /**
   * Runs another assembly instead, applying the difference. Throws AssemblyError when it cannot be read; then nothing
   * changed.
   */
  async apply(assemblyDirectory: string): Promise<ApplyResult> {
    return this.applyAssembly(await readAssembly(assemblyDirectory));
  }

  /** One after the other, since each decides what has which port. */
  applyAssembly(assembly: Assembly): Promise<ApplyResult> {
    const result = this.#applying.then(() => this.#applyNow(assembly));
    this.#applying = result.catch(() => undefined);
    return result;
  }

  /** Publishes to the job topic. `payload` is sent as JSON, `attributes` as String attributes. */
  publish(message: JobToPublish): Promise<{ messageId: string }> {
    return publishToJobs(this.#engine, this.#routing.topicArn, message);
  }

  /** Says in platform.json where the console is. */
  async announceConsole(url: string): Promise<void> {
    this.#consoleUrl = url;
    await this.#writePlatformFile();
  }

  /** The directories that running functions and workers have their code from. */
  codeDirectories(): string[] {
    return [...this.#reconciler.resources(), ...this.#reconciler.kept()].flatMap(
      (resource) => codeDirectory(resource) ?? imageDirectory(resource) ?? [],
    );
  }

  /** Fault injection: asked before each request that comes over the network, such as a sandbox's, is handled. */
  setFaults(faults: Faults | undefined): void {
    this.#engine.setFaults(faults);
  }

  /** What runs now: invocations and workers with work in hand, and how long they may take at most, by their timeouts. */
  inFlight(): InFlight {
    return inFlight(this.#runners);
  }

  /**
   * Takes no more work and leaves no process, port, timer or platform.json. What is in flight may finish within
   * `drainMs`; default: as long as it may take by its timeouts.
   */
  stop({ drainMs = Number.POSITIVE_INFINITY }: { drainMs?: number } = {}): Promise<void> {
    this.#stopped ??= this.#stopAll(drainMs);
    return this.#stopped;
  }

  #startAlarms(clock: Clock): AlarmBoard {
    const resources = () => this.#reconciler.resources();
    return startAlarmBoard({
      engine: this.#engine,
      clock,
      topology: {
        isDeadLetterQueue: (queueName) => isDeadLetterQueue(queueName, resources()),
        attributeFilteredSubscriptions: (topicArn) => attributeFilteredSubscriptions(topicArn, resources()),
        functionErrors: (functionName) => this.#functions.get(functionName)?.errors,
      },
      onScaling: (policyArn, breach) => this.#scaling.policies.get(policyArn)?.(breach),
      onTransition: (transition) => this.#emit({ type: 'alarm', transition }),
      onWarning: this.#warn,
    });
  }

  #startMailbox(directory: string): Mailbox {
    return startMailbox({
      engine: this.#engine,
      directory,
      alarmTopicArns: () => this.#alarms.topicArns(),
      onMail: (mail) => this.#emit({ type: 'mail', mail }),
      onWarning: this.#warn,
    });
  }

  #startScheduler(clock: Clock): Scheduler {
    return startScheduler({
      engine: this.#engine,
      clock,
      onFiring: (firing) => this.#emit({ type: 'schedule', firing: jobFiring(firing) }),
      onWarning: this.#warn,
    });
  }

  #createReconciler(): Reconciler {
    return createReconciler({
      place: { ...this.#engine, apiUrl: (name) => this.#apiListeners.urlOf(name) },
      engine: this.#engine,
      alarms: this.#alarms,
      mailbox: this.#mailbox,
      scheduler: this.#scheduler,
      functions: this.#functions,
      apis: { listeners: this.#apiListeners, httpApis: new Map() },
      tasks: this.#tasks,
      containers: workerVariables,
      localVariables: this.#localVariables,
      inspectPortOf: (name) => inspectPortOf(name, this.#inspectedJob),
      scaling: this.#scaling,
      onLog: (line) => {
        this.#recent.addLogLine(line);
        this.#emit({ type: 'log', line });
      },
      onBatch: (outcome) => this.#emit({ type: 'batch', outcome }),
      onWarning: this.#warn,
    });
  }

  #hearPublish(publish: AcceptedPublish): void {
    const { topicArn, messageId, messageAttributes } = publish;
    const { topicArn: jobTopicArn, jobs } = this.#routing;
    if (topicArn === jobTopicArn) this.#recent.countPublish(jobs, publish);
    const jobName = messageAttributes.jobName?.StringValue;
    this.#emit({ type: 'publish', topicArn, messageId, jobName });
  }

  async #applyNow(assembly: Assembly): Promise<ApplyResult> {
    if (this.#stopped) throw new Error('The platform is stopping and takes no changes.');
    const names = apiNames(assembly);
    await this.#apiListeners.reserve(names);
    const result = await this.#reconciler.apply(assembly);
    this.#lastApply = result;
    const resources = this.#reconciler.resources();
    const running = runningApis(resources);
    await this.#apiListeners.keepOnly(running);
    const api = names.find((name) => running.includes(name));
    this.#routing = routingOf(resources, api && this.#apiListeners.urlOf(api));
    await this.#writePlatformFile();
    this.#emit({ type: 'apply', result });
    return result;
  }

  async #writePlatformFile(): Promise<void> {
    if (this.#stopped) return;
    await this.#claim.write({
      endpoint: this.endpoint,
      region: this.region,
      ...writtenRouting(this.#routing, this.#engine),
      consoleUrl: this.#consoleUrl ?? null,
      speed: this.speed,
    });
  }

  async #stopAll(drainMs: number): Promise<void> {
    await this.#claim.remove();
    await this.#applying;
    await this.#scheduler.stop();
    const answersMs = Math.min(drainMs, Math.max(SLOW_READER_MS, this.inFlight().atMostMs));
    await this.#reconciler.stop(drainMs, this.#apiListeners.stop(answersMs));
    await this.#alarms.stop();
    await this.#mailbox.stop();
    this.#stopCounting();
    await this.#engine.stop();
    await this.#claim.release();
    process.removeListener('exit', this.#killProcesses);
  }
}
