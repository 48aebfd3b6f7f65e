import { type Behaviour, behaviourOf, isIdempotent } from './behaviours.ts';

/** What a soak prints. Every published job is counted as exactly one of succeeded, dead, missing and stuck. */
export interface SoakCounts {
  readonly published: number;
  /** Jobs that had their effect at least once. A second effect of an idempotent job is a failure of the soak. */
  readonly succeeded: number;
  /** Jobs that never had their effect, and are dead letters. */
  readonly dead: number;
  /** Effects beyond the first of jobs that are not idempotent. They were promised at least one. */
  readonly duplicates: number;
  /** Jobs without an effect whose message is in no queue. */
  readonly missing: number;
  /** Jobs without an effect whose message is in a queue at the end. */
  readonly stuck: number;
}

/** The reason of a dead letter; the name is undefined when SQS's redrive policy moved it. */
interface Death {
  readonly name: string | undefined;
  readonly attempts: number | undefined;
}

/** What is known of each job, by its number. It takes a few bytes for each, because the soak watches its own memory. */
export class Accounts {
  readonly jobs: number;
  readonly seed: number;
  published = 0;
  /** How many jobs have a fate. */
  settled = 0;
  readonly #published: Uint8Array;
  readonly #effects: Uint16Array;
  readonly #excuses: Uint8Array;
  readonly #deaths = new Map<number, Death[]>();
  readonly #jobsWithDeadBatches = new Set<string>();

  constructor(jobs: number, seed: number) {
    this.jobs = jobs;
    this.seed = seed;
    this.#published = new Uint8Array(jobs);
    this.#effects = new Uint16Array(jobs);
    this.#excuses = new Uint8Array(jobs);
  }

  notePublished(index: number): void {
    if (this.#published[index]) return;
    this.#published[index] = 1;
    this.published += 1;
  }

  noteEffect(index: number): void {
    if (!this.isSettled(index)) this.settled += 1;
    this.#effects[index] = (this.#effects[index] ?? 0) + 1;
  }

  noteDeath(index: number, death: Death): void {
    if (!this.isSettled(index)) this.settled += 1;
    const deaths = this.#deaths.get(index) ?? [];
    this.#deaths.set(index, deaths);
    if (!deaths.some(({ name, attempts }) => name === death.name && attempts === death.attempts)) {
      deaths.push(death);
    }
  }

  /** A batch of this job's function ended without an answer. */
  noteDeadBatch(job: string): void {
    this.#jobsWithDeadBatches.add(job);
  }

  /**
   * The runtime logged why a job may miss its promised fate: its dead letter could not be sent yet, or the effect of an
   * idempotent job could not be remembered, after which a second effect is allowed.
   */
  noteExcuse(index: number): void {
    this.#excuses[index] = 1;
  }

  isSettled(index: number): boolean {
    return this.#effects[index] !== 0 || this.#deaths.has(index);
  }

  behaviour(index: number): Behaviour {
    return behaviourOf(index, this.seed);
  }

  /** @param inQueues the jobs whose messages are still in a queue */
  counts(inQueues: ReadonlySet<number>): SoakCounts {
    const counts = { published: this.published, succeeded: 0, dead: 0, duplicates: 0, missing: 0, stuck: 0 };
    for (let index = 0; index < this.jobs; index++) {
      const effects = this.#effects[index] ?? 0;
      if (!this.#published[index]) continue;
      if (effects > 0) counts.succeeded += 1;
      else if (this.#deaths.has(index)) counts.dead += 1;
      else if (inQueues.has(index)) counts.stuck += 1;
      else counts.missing += 1;
      if (!isIdempotent(this.behaviour(index))) counts.duplicates += Math.max(0, effects - 1);
    }
    return counts;
  }

  /** Idempotent jobs with a second effect, after the runtime had logged that it could not remember the first. */
  rerun(): number[] {
    return this.#indexes().filter(
      (index) =>
        isIdempotent(this.behaviour(index)) && (this.#effects[index] ?? 0) > 1 && this.#excuses[index],
    );
  }

  /** Describes each job that missed its promised fate. A good soak has none. */
  failures(): string[] {
    return this.#indexes().flatMap((index) => {
      const problem = this.#published[index] ? this.#problem(index) : 'was never published';
      if (problem === undefined) return [];
      const { job, act, untilAttempt = 'never', copies = 1 } = this.behaviour(index);
      return [`soak-${index} (${job}, ${act}, succeeds from ${untilAttempt}, ${copies} copies) ${problem}`];
    });
  }

  #problem(index: number): string | undefined {
    const { fate, job } = this.behaviour(index);
    const effects = this.#effects[index] ?? 0;
    const deaths = this.#deaths.get(index) ?? [];
    const mayBeLost = Boolean(this.#excuses[index]) || this.#jobsWithDeadBatches.has(job);
    if (typeof fate === 'object') {
      if (effects > 0) return `had ${effects} effects, which it never should`;
      if (deaths.length === 0) return 'is no dead letter';
      const odd = deaths.find((death) => !fits(death, fate) && !(mayBeLost && isBackstop(death)));
      return odd && `died of ${describe(odd)} instead of ${fate.diesOf.join(' or ')}`;
    }
    if (effects === 0) return `never had its effect (dead letters: ${deaths.map(describe).join(', ')})`;
    if (effects > 1 && isIdempotent(this.behaviour(index)) && !this.#excuses[index]) {
      return `had ${effects} effects, being idempotent`;
    }
    const odd = deaths.find((death) => fate === 'succeeds' || !isBackstop(death));
    return odd && `is dead as well: ${describe(odd)}`;
  }

  #indexes(): number[] {
    return Array.from({ length: this.jobs }, (_, index) => index);
  }
}

function fits({ name, attempts }: Death, fate: { diesOf: readonly string[]; attempts?: number }): boolean {
  if (name === undefined || !fate.diesOf.includes(name)) return false;
  return fate.attempts === undefined || fate.attempts === attempts;
}

/** Whether a message died because its last attempt, or its dead letter, was lost. */
function isBackstop({ name }: Death): boolean {
  return name === undefined || name === 'LostAttemptError';
}

function describe({ name = 'no reason (moved by the redrive policy)', attempts }: Death): string {
  return attempts === undefined ? name : `${name} after ${attempts} attempts`;
}
