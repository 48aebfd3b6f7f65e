import type { ResourceContext } from '../aws/resources/resourceType.ts';

/** What runs jobs: functions and services, by name. */
export type Runners = Pick<ResourceContext, 'functions'> & Pick<ResourceContext['tasks'], 'services'>;

/** Invocations and workers with work in hand, and how long they may take at most, by their timeouts. */
export interface InFlight {
  readonly count: number;
  readonly atMostMs: number;
}

export function inFlight(runners: Runners): InFlight {
  const all = listOf(runners);
  return {
    count: all.reduce((sum, { busy }) => sum + busy, 0),
    atMostMs: Math.max(0, ...all.map(({ remainingMs }) => remainingMs)),
  };
}

/** At once, with all that their processes started. */
export function killProcesses(runners: Runners): void {
  for (const pid of listOf(runners).flatMap(({ pids }) => pids)) {
    try {
      process.kill(-pid, 'SIGKILL'); // its process group
    } catch {
      // gone already
    }
  }
}

function listOf({ functions, services }: Runners) {
  return [...functions.values(), ...[...services.values()].map(({ service }) => service)];
}
