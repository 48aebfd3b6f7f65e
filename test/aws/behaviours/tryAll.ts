import { Aws, type Endpoint } from './aws.ts';
import type { Behaviour } from './behaviour.ts';
import { type Hosts, NotTriedError } from './hosts.ts';

export type Verdict = 'yes' | 'no' | 'not tried';

export interface Tried {
  readonly behaviour: Behaviour;
  readonly verdict: Verdict;
  /** What differs, or why it was not tried. */
  readonly error?: Error;
}

/** Tries behaviours on an endpoint, `atOnce` of them at a time, and removes what each has made. */
export async function* tryAll(
  behaviours: readonly Behaviour[],
  endpoint: Endpoint,
  hosts: Hosts,
  { atOnce = 8 } = {},
): AsyncGenerator<Tried> {
  const running: Promise<Tried>[] = [];
  for (const behaviour of behaviours) {
    running.push(tryOne(behaviour, endpoint, hosts));
    if (running.length >= atOnce) yield (await running.shift()) as Tried;
  }
  for (const tried of running) yield await tried;
}

export async function tryOne(behaviour: Behaviour, endpoint: Endpoint, hosts: Hosts): Promise<Tried> {
  const aws = new Aws(endpoint, hosts);
  try {
    await behaviour.run(aws);
    return { behaviour, verdict: 'yes' };
  } catch (error) {
    const verdict = error instanceof NotTriedError ? 'not tried' : 'no';
    return { behaviour, verdict, error: error as Error };
  } finally {
    await aws.dispose();
  }
}
