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
import type { ApplyResult } from '../aws/resources/reconcile.ts';
import { schedulerApi } from '../aws/scheduler/api.ts';
import { type Scheduler, startScheduler } from '../aws/scheduler/scheduler.ts';
import { createDeployment, type Deployment, type InFlight } from './deployment.ts';
import { inspectPortOf } from './inspect.ts';
import {
  attributeFilteredSubscriptions,
  isDeadLetterQueue,
  type JobToPublish,
  publishToJobs,
  workerVariables,
  writtenRouting,
} from './jobs.ts';
import { type Claim, claimDirectory, refuseIfRunning } from './platformFile.ts';
import {
  createPlatformEvents,
  createRecentPast,
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
  /** The port of the first function URL or HTTP API. Default 0: any free port. */
  readonly apiPort?: number;
  /** How many times as fast time runs, 1 or more. Default 1. */
  readonly speed?: number;
  /** Is told every event from the start, the first `apply` included. */
  readonly onEvent?: (event: PlatformEvent) => void;
  /** Variables that replace those of every function and worker, and add to them. Default: none. */
  readonly localVariables?: Readonly<Record<string, string>>;
  /** The job whose function Node's inspector listens for. Default: none. */
  readonly inspect?: string | undefined;
  /** The clock of alarms and schedules. Default: the system's clock. */
  readonly clock?: Clock;
}

/**
 * Runs a cloud assembly on this machine.
 * @throws {PlatformRunningError} when a platform already runs in the state directory; then nothing is left running
 * @throws {PortTakenError} when another program has one of the ports; the same
 * @throws {AssemblyError} when the assembly cannot be read; the same
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
    await platform.apply(assembly);
    return platform;
  } catch (error) {
    await undo();
    throw error;
  }
}

/** For how long a client may read its answer after all functions have ended. */
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
  readonly #apiListeners: Listeners;
  readonly #alarms: AlarmBoard;
  readonly #mailbox: Mailbox;
  readonly #scheduler: Scheduler;
  readonly #deployment: Deployment;
  readonly #stopCounting: () => void;
  #consoleUrl: string | undefined;
  #stopped: Promise<void> | undefined;
  readonly #warn = (text: string) => this.#emit({ type: 'warning', text });
  /** For a process that ends without a stop: a handler in an endless loop would outlive the process. */
  readonly #killProcesses = () => this.#deployment.killProcesses();

  constructor(options: PlatformOptions, engine: Engine, claim: Claim) {
    const clock = options.clock ?? systemClock;
    this.endpoint = engine.endpoint;
    this.region = engine.region;
    this.speed = engine.speed;
    const { emit, subscribe } = createPlatformEvents(options.onEvent);
    this.events = { subscribe };
    this.#emit = emit;
    this.#engine = engine;
    this.#claim = claim;
    this.#apiListeners = createListeners(options.apiPort ?? 0, this.#warn);
    engine.buckets.servePagesFrom(() => this.#apiListeners.origins());
    this.#alarms = this.#startAlarms(clock);
    this.#mailbox = this.#startMailbox(resolve(options.stateDirectory, 'mail'));
    this.#scheduler = this.#startScheduler(clock);
    engine.answerScheduler(schedulerApi(this.#scheduler));
    this.#deployment = this.#createDeployment(options);
    process.once('exit', this.#killProcesses);
    this.#stopCounting = engine.onPublish((publish) => this.#hearPublish(publish));
  }

  snapshot(): Promise<PlatformSnapshot> {
    return takeSnapshot({
      engine: this.#engine,
      deployment: this.#deployment,
      alarms: this.#alarms,
      scheduler: this.#scheduler,
      mailbox: this.#mailbox,
      recent: this.#recent,
      consoleUrl: this.#consoleUrl,
    });
  }

  /** A queue with its messages, without receiving them; undefined when no queue has that name. */
  inspectQueue(queueName: string): Promise<QueueState | undefined> {
    return this.#engine.inspectQueue(queueName);
  }

  /**
   * Runs another assembly instead, by applying the difference.
   * @param assembly its directory, or the assembly itself
   * @throws {AssemblyError} when it cannot be read; then nothing has changed
   */
  async apply(assembly: string | Assembly): Promise<ApplyResult> {
    return this.#deployment.apply(typeof assembly === 'string' ? await readAssembly(assembly) : assembly);
  }

  /** Publishes to the job topic. `payload` is sent as JSON, `attributes` as String attributes. */
  publish(message: JobToPublish): Promise<{ messageId: string }> {
    return publishToJobs(this.#engine, this.#deployment.routing().topicArn, message);
  }

  /** Writes the console's URL into platform.json. */
  async announceConsole(url: string): Promise<void> {
    this.#consoleUrl = url;
    await this.#writePlatformFile();
  }

  /** The directories that running functions and workers have their code from. */
  codeDirectories(): string[] {
    return this.#deployment.codeDirectories();
  }

  /** Injects faults: `faults` is asked before each request that comes over the network, such as a function's. */
  setFaults(faults: Faults | undefined): void {
    this.#engine.setFaults(faults);
  }

  /** The work in hand, see {@link InFlight}. */
  inFlight(): InFlight {
    return this.#deployment.inFlight();
  }

  /**
   * Takes no more work, and leaves no process, port, timer or platform.json behind. Work in hand may take `drainMs` to
   * finish. Default: as long as its timeouts allow.
   */
  stop({ drainMs = Number.POSITIVE_INFINITY }: { drainMs?: number } = {}): Promise<void> {
    this.#stopped ??= this.#stopAll(drainMs);
    return this.#stopped;
  }

  #startAlarms(clock: Clock): AlarmBoard {
    const resources = () => this.#deployment.resources();
    return startAlarmBoard({
      engine: this.#engine,
      clock,
      topology: {
        isDeadLetterQueue: (queueName) => isDeadLetterQueue(queueName, resources()),
        attributeFilteredSubscriptions: (topicArn) => attributeFilteredSubscriptions(topicArn, resources()),
        functionErrors: (functionName) => this.#deployment.functions.get(functionName)?.errors,
      },
      onScaling: (policyArn, breach) => this.#deployment.scaling.policies.get(policyArn)?.(breach),
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

  #createDeployment({ localVariables = {}, inspect }: PlatformOptions): Deployment {
    return createDeployment({
      place: { ...this.#engine, apiUrl: (name) => this.#apiListeners.urlOf(name) },
      engine: this.#engine,
      alarms: this.#alarms,
      mailbox: this.#mailbox,
      scheduler: this.#scheduler,
      apis: { listeners: this.#apiListeners, httpApis: new Map() },
      containers: workerVariables,
      localVariables,
      inspectPortOf: (name) => inspectPortOf(name, inspect),
      onLog: (line) => {
        this.#recent.addLogLine(line);
        this.#emit({ type: 'log', line });
      },
      onBatch: (outcome) => this.#emit({ type: 'batch', outcome }),
      onWarning: this.#warn,
      onApplied: async (result) => {
        await this.#writePlatformFile();
        this.#emit({ type: 'apply', result });
      },
    });
  }

  #hearPublish(publish: AcceptedPublish): void {
    const { topicArn, messageId, messageAttributes } = publish;
    const { topicArn: jobTopicArn, jobs } = this.#deployment.routing();
    if (topicArn === jobTopicArn) this.#recent.countPublish(jobs, publish);
    const jobName = messageAttributes.jobName?.StringValue;
    this.#emit({ type: 'publish', topicArn, messageId, jobName });
  }

  async #writePlatformFile(): Promise<void> {
    if (this.#stopped) return;
    await this.#claim.write({
      endpoint: this.endpoint,
      region: this.region,
      ...writtenRouting(this.#deployment.routing(), this.#engine),
      consoleUrl: this.#consoleUrl ?? null,
      speed: this.speed,
    });
  }

  async #stopAll(drainMs: number): Promise<void> {
    const applied = this.#deployment.close();
    await this.#claim.remove();
    await applied;
    await this.#scheduler.stop();
    const answersMs = Math.min(drainMs, Math.max(SLOW_READER_MS, this.inFlight().atMostMs));
    await this.#deployment.stop(drainMs, this.#apiListeners.stop(answersMs));
    await this.#alarms.stop();
    await this.#mailbox.stop();
    this.#stopCounting();
    await this.#engine.stop();
    await this.#claim.release();
    process.removeListener('exit', this.#killProcesses);
  }
}
