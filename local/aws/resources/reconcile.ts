import { isDeepStrictEqual } from 'node:util';
import type { Assembly } from '../assembly/assembly.ts';
import { type Kept, keepingPolicy } from './deletionPolicy.ts';
import { type DesiredState, desiredState, keyOf } from './desiredState.ts';
import { resourceTypes } from './index.ts';
import type { Problem, Resource, ResourceContext, ResourceType } from './resourceType.ts';
import { settledWithin } from './settledWithin.ts';

/** What one `apply` did; resources are named by their paths. */
export interface ApplyResult {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
  /** What left the assembly and stays as it is. */
  readonly kept: readonly Kept[];
  readonly unchanged: number;
  readonly problems: readonly Problem[];
  /** What was accepted without effect. */
  readonly notEvaluated: readonly string[];
}

/** Keeps what runs equal to what an assembly asks for. */
export interface Reconciler {
  /** What runs now as the assembly asks. */
  resources(): Resource[];
  /** What has left the assembly and is there still, since its policy says so. One that comes back is adopted. */
  kept(): Resource[];
  /**
   * Applies the difference: creates and updates first, what is needed before what needs it, then deletes the other
   * way round. What fails is a problem in the result; everything else runs on. Calls are done one after the other.
   */
  apply(assembly: Assembly): Promise<ApplyResult>;
  /**
   * Ends pollers and processes, what is in flight first, within `drainMs`.
   * @param answered the end of other work that needs the functions, such as HTTP requests
   */
  stop(drainMs: number, answered?: Promise<void>): Promise<void>;
}

export function createReconciler(context: ResourceContext): Reconciler {
  /** By identity (type and physical name): a resource whose name changes is another one, so it is replaced. */
  const running = new Map<string, Running>();
  const kept = new Map<string, Running>();
  let queue: Promise<unknown> = Promise.resolve();

  return {
    resources: () => [...running.values()].map(({ resource }) => resource),
    kept: () => [...kept.values()].map(({ resource }) => resource),
    apply: (assembly) => {
      const result = queue.then(() =>
        applyState(desiredState(assembly, context.place), running, kept, context),
      );
      queue = result.catch(() => undefined);
      return result;
    },
    stop: async (drainMs, answered) => {
      await queue;
      await stopAll([...running.values(), ...kept.values()], drainMs, answered);
      running.clear();
      kept.clear();
    },
  };
}

interface Running {
  /** As it was created or updated: a function's code lies in that assembly. */
  readonly resource: Resource;
  readonly handle: unknown;
  /** The same in the newest assembly: its policies and logical ID may have changed without it. */
  readonly asked: Resource;
}

async function applyState(
  state: DesiredState,
  running: Map<string, Running>,
  kept: Map<string, Running>,
  context: ResourceContext,
): Promise<ApplyResult> {
  const created: string[] = [];
  const updated: string[] = [];
  const deleted: string[] = [];
  const keptNow: Kept[] = [];
  const problems = [...state.problems];
  const wanted = new Set<string>();
  let unchanged = 0;

  for (const resource of state.resources) {
    const identity = identityOf(resource);
    if (wanted.has(identity)) {
      problems.push({ ...named(resource), why: `is defined twice: ${identity}` });
      continue;
    }
    wanted.add(identity);
    const now = running.get(identity);
    if (now && isDeepStrictEqual(now.resource.properties, resource.properties)) {
      unchanged += 1;
      running.set(identity, { ...now, asked: resource });
    } else {
      const left = kept.get(identity);
      const done = now || left ? 'updated' : 'created';
      await attempt(resource, `could not be ${done}`, async () => {
        const handle = left ? await adopt(resource, left, context) : await make(resource, now, context);
        kept.delete(identity);
        running.set(identity, { resource, handle, asked: resource });
        (done === 'updated' ? updated : created).push(resource.path);
      });
    }
  }
  const wantedKeys = new Set(state.resources.map(keyOfResource));
  for (const [identity, one] of [...running].reverse()) {
    const { resource, handle, asked } = one;
    if (wanted.has(identity) || state.stuck.has(keyOfResource(asked))) continue;
    running.delete(identity);
    const policy = keepingPolicy(asked, wantedKeys.has(keyOfResource(asked)));
    if (policy !== undefined) {
      kept.set(identity, one);
      keptNow.push({ path: resource.path, policy });
      continue;
    }
    await attempt(resource, 'could not be deleted', async () => {
      await typeOf(resource).delete(resource, handle, context);
      deleted.push(resource.path);
    });
  }
  return {
    created,
    updated,
    deleted,
    kept: keptNow,
    unchanged,
    problems,
    notEvaluated: state.notEvaluated,
  };

  async function attempt(resource: Resource, what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      problems.push({ ...named(resource), why: `${what}: ${(error as Error).message}` });
    }
  }
}

function make(resource: Resource, now: Running | undefined, context: ResourceContext): Promise<unknown> {
  const type = typeOf(resource);
  return now ? type.update(resource, now.handle, context, now.resource) : type.create(resource, context);
}

/** Somebody may have deleted it meanwhile: what is kept is theirs to look after. */
async function adopt(resource: Resource, left: Running, context: ResourceContext): Promise<unknown> {
  try {
    return await make(resource, left, context);
  } catch (error) {
    return make(resource, undefined, context).catch(() => {
      throw error;
    });
  }
}

/** First what takes work, all of it at once, so that nothing new begins; then what does the work. */
async function stopAll(
  running: readonly Running[],
  drainMs: number,
  answered: Promise<void> | undefined,
): Promise<void> {
  const deadline = Date.now() + drainMs;
  const isTaker = ({ resource }: Running) => typeOf(resource).takesWork === true;
  const taken = Promise.all([answered, stopEach(running.filter(isTaker), drainMs)]);
  await settledWithin(taken, drainMs);
  await stopEach(
    running.filter((one) => !isTaker(one)),
    Math.max(0, deadline - Date.now()),
  );
  await taken; // a poller whose work outlasted the drain ends with the function that was killed
}

function stopEach(running: readonly Running[], drainMs: number): Promise<unknown> {
  return Promise.allSettled(
    running.map(async ({ resource, handle }) => typeOf(resource).stop?.(handle, drainMs)),
  );
}

function typeOf(resource: Resource): ResourceType {
  const type = resourceTypes.get(resource.type);
  if (type === undefined) throw new Error(`${resource.type} is not supported locally`);
  return type;
}

function identityOf(resource: Resource): string {
  return `${resource.type} ${typeOf(resource).identity?.(resource) ?? resource.name}`;
}

function keyOfResource({ stack, logicalId }: Resource): string {
  return keyOf(stack.name, logicalId);
}

function named({ logicalId, path, type }: Resource): Pick<Problem, 'logicalId' | 'path' | 'type'> {
  return { logicalId, path, type };
}
