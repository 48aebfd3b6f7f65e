import type { Assembly } from '../aws/assembly/assembly.ts';
import { apiNames, runningApis } from '../aws/resources/apis.ts';
import { codeDirectory } from '../aws/resources/function.ts';
import { type ApplyResult, createReconciler } from '../aws/resources/reconcile.ts';
import type { Resource, ResourceContext } from '../aws/resources/resourceType.ts';
import { imageDirectory } from '../aws/resources/taskDefinition.ts';
import { noRouting, type Routing, routingOf } from './jobs.ts';

/** What runs on the platform: the resources of the newest assembly, with the functions and services that run jobs. */
export interface Deployment {
  readonly functions: ResourceContext['functions'];
  readonly scaling: ResourceContext['scaling'];
  /** The resources that run as the newest assembly asks. */
  resources(): Resource[];
  /** The resources that have left the assembly, but are kept by their deletion policies. */
  kept(): Resource[];
  /** The jobs of the newest assembly. */
  routing(): Routing;
  /** The result of the newest `apply`; undefined before the first has ended. */
  lastApply(): ApplyResult | undefined;
  /** Runs another assembly instead, by applying the difference. Assemblies are applied one after the other. */
  apply(assembly: Assembly): Promise<ApplyResult>;
  /** The directories that running functions and workers have their code from. */
  codeDirectories(): string[];
  inFlight(): InFlight;
  /** Kills all functions and workers at once, with all processes that they started. */
  killProcesses(): void;
  /** Takes no more assemblies. Resolves when the assembly under way is applied. */
  close(): Promise<void>;
  /**
   * Ends functions and workers. Their work in hand may take `drainMs` to finish.
   * @param answered resolves when all HTTP requests that need the functions are answered
   */
  stop(drainMs: number, answered: Promise<void>): Promise<void>;
}

/** Invocations and workers with work in hand, and how long they may take at most, by their timeouts. */
export interface InFlight {
  readonly count: number;
  readonly atMostMs: number;
}

interface DeploymentOptions extends Omit<ResourceContext, 'functions' | 'tasks' | 'scaling'> {
  /** Called after each assembly, before `apply` resolves. */
  readonly onApplied: (result: ApplyResult) => Promise<void>;
}

export function createDeployment({ onApplied, ...surroundings }: DeploymentOptions): Deployment {
  const functions: ResourceContext['functions'] = new Map();
  const tasks: ResourceContext['tasks'] = { definitions: new Map(), services: new Map() };
  const scaling: ResourceContext['scaling'] = { targets: new Map(), policies: new Map() };
  const { listeners } = surroundings.apis;
  const reconciler = createReconciler({ ...surroundings, functions, tasks, scaling });
  let routing = noRouting;
  let lastApply: ApplyResult | undefined;
  let applying: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  return {
    functions,
    scaling,
    resources: reconciler.resources,
    kept: reconciler.kept,
    routing: () => routing,
    lastApply: () => lastApply,
    apply(assembly) {
      const result = applying.then(() => applyNow(assembly));
      applying = result.catch(() => undefined);
      return result;
    },
    codeDirectories: () =>
      [...reconciler.resources(), ...reconciler.kept()].flatMap(
        (resource) => codeDirectory(resource) ?? imageDirectory(resource) ?? [],
      ),
    inFlight: () => ({
      count: runners().reduce((sum, { busy }) => sum + busy, 0),
      atMostMs: Math.max(0, ...runners().map(({ remainingMs }) => remainingMs)),
    }),
    killProcesses() {
      for (const { pids } of runners()) for (const pid of pids) killGroup(pid);
    },
    async close() {
      isClosed = true;
      await applying;
    },
    stop: reconciler.stop,
  };

  async function applyNow(assembly: Assembly): Promise<ApplyResult> {
    if (isClosed) throw new Error('The platform is stopping and takes no changes.');
    const names = apiNames(assembly);
    await listeners.reserve(names);
    const result = await reconciler.apply(assembly);
    lastApply = result;
    const resources = reconciler.resources();
    const running = runningApis(resources);
    await listeners.keepOnly(running);
    const api = names.find((name) => running.includes(name));
    routing = routingOf(resources, api && listeners.urlOf(api));
    await onApplied(result);
    return result;
  }

  function runners() {
    return [...functions.values(), ...[...tasks.services.values()].map(({ service }) => service)];
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The process group has ended already.
  }
}
