import { randomNumbers } from '../random.ts';

/** The soak's job files. */
export const soakJobs = ['SteadyJob', 'SlowJob', 'CrashJob', 'OnceJob', 'OnceAloneJob'] as const;
type SoakJob = (typeof soakJobs)[number];

/** A way in which a job behaves, and the fate that its author is promised for it. */
export interface Behaviour {
  readonly job: SoakJob;
  readonly act: string;
  /** How many jobs of a thousand behave so. */
  readonly weight: number;
  /** The attempt from which it succeeds. */
  readonly untilAttempt?: number;
  readonly fate: Fate;
  /** How often it is published under the same ID. Default 1. */
  readonly copies?: number;
  /** What is sent instead of an order: a payload that does not fit the schema, or text that is not JSON. */
  readonly instead?: 'a bad payload' | 'garbage through the topic' | 'garbage straight to the queue';
}

type Fate =
  /** It has its effect; an idempotent job has it exactly once. */
  | 'succeeds'
  /** It has its effect, but its batch may die so often that it becomes a dead letter as well. */
  | 'succeeds, perhaps dead too'
  /** It never has its effect, and becomes a dead letter with a reason of one of these names. */
  | {
      readonly diesOf: readonly string[];
      /** The number of attempts in its reason. */
      readonly attempts?: number;
    };

export const behaviours: readonly Behaviour[] = [
  { job: 'SteadyJob', act: 'succeed', weight: 510, fate: 'succeeds' },
  { job: 'SteadyJob', act: 'succeed', weight: 30, fate: 'succeeds', copies: 2 },
  { job: 'SteadyJob', act: 'throw', weight: 40, fate: 'succeeds', untilAttempt: 2 },
  { job: 'SteadyJob', act: 'throw', weight: 30, fate: 'succeeds', untilAttempt: 3 },
  { job: 'SteadyJob', act: 'throw', weight: 20, fate: 'succeeds', untilAttempt: 4 },
  { job: 'SteadyJob', act: 'throw', weight: 60, fate: { diesOf: ['TypeError'], attempts: 4 } },
  { job: 'SteadyJob', act: 'retry later', weight: 30, fate: 'succeeds', untilAttempt: 3 },
  { job: 'SteadyJob', act: 'refuse', weight: 40, fate: { diesOf: ['NonRetryableError'] } },
  {
    job: 'SteadyJob',
    act: 'succeed',
    weight: 30,
    instead: 'a bad payload',
    fate: { diesOf: ['InvalidPayloadError'] },
  },
  {
    job: 'SteadyJob',
    act: 'succeed',
    weight: 10,
    instead: 'garbage through the topic',
    fate: { diesOf: ['InvalidMessageError'] },
  },
  {
    job: 'SteadyJob',
    act: 'succeed',
    weight: 10,
    instead: 'garbage straight to the queue',
    fate: { diesOf: ['InvalidMessageError'] },
  },

  { job: 'SlowJob', act: 'succeed', weight: 20, fate: 'succeeds' },
  { job: 'SlowJob', act: 'hang', weight: 8, fate: 'succeeds', untilAttempt: 2 },
  { job: 'SlowJob', act: 'hang', weight: 4, fate: { diesOf: ['DeadlineError'], attempts: 3 } },
  { job: 'SlowJob', act: 'be deaf', weight: 8, fate: 'succeeds', untilAttempt: 2 },
  { job: 'SlowJob', act: 'be deaf', weight: 4, fate: { diesOf: ['DeadlineError'], attempts: 3 } },

  { job: 'CrashJob', act: 'succeed', weight: 20, fate: 'succeeds, perhaps dead too' },
  ...['exit', 'kill', 'block', 'exhaust memory'].flatMap((act): Behaviour[] => [
    { job: 'CrashJob', act, weight: 1, fate: 'succeeds, perhaps dead too', untilAttempt: 2 },
    { job: 'CrashJob', act, weight: 0.4, fate: { diesOf: ['LostAttemptError'], attempts: 3 } },
  ]),
  { job: 'CrashJob', act: 'floating rejection', weight: 1, fate: 'succeeds, perhaps dead too' },

  { job: 'OnceJob', act: 'succeed', weight: 40, fate: 'succeeds' },
  { job: 'OnceJob', act: 'succeed', weight: 20, fate: 'succeeds', copies: 2 },
  { job: 'OnceJob', act: 'take long', weight: 20, fate: 'succeeds' },
  { job: 'OnceJob', act: 'take long', weight: 10, fate: 'succeeds', copies: 2 },
  { job: 'OnceJob', act: 'throw', weight: 20, fate: 'succeeds', untilAttempt: 3 },
  { job: 'OnceJob', act: 'throw', weight: 10, fate: 'succeeds', untilAttempt: 2, copies: 2 },
  { job: 'OnceAloneJob', act: 'exit', weight: 1.5, fate: 'succeeds', untilAttempt: 2 },
  { job: 'OnceAloneJob', act: 'kill', weight: 1.5, fate: 'succeeds', untilAttempt: 2, copies: 2 },
];

const totalWeight = behaviours.reduce((sum, { weight }) => sum + weight, 0);

/** The behaviour of a job of a soak. The first jobs take each behaviour once; for all others weights and seed decide. */
export function behaviourOf(index: number, seed: number): Behaviour {
  const first = behaviours[index];
  if (first !== undefined) return first;
  let point = randomNumbers(seedOf(seed, index))() * totalWeight;
  for (const behaviour of behaviours) {
    point -= behaviour.weight;
    if (point < 0) return behaviour;
  }
  return behaviours[0] as Behaviour;
}

export function isIdempotent({ job }: Behaviour): boolean {
  return job === 'OnceJob' || job === 'OnceAloneJob';
}

/** Gives each job of a soak a seed of its own. */
function seedOf(seed: number, index: number): number {
  return (seed ^ Math.imul(index + 1, 0x9e3779b1)) | 0;
}
