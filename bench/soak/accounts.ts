import { type Behaviour, behaviourOf, isIdempotent } from './behaviours.ts';

/** What a soak prints. Every published job has exactly one of the four fates. */
export interface SoakCounts {
  readonly published: number;
  /** Had their effect at least once; idempotent ones exactly once, or it is a failure. */
  readonly succeeded: number;
  /** Never had their effect, and are dead letters. */
  readonly dead: number;
  /** Effects beyond the first, of jobs that are not idempotent: at least once is what they were promised. */
  readonly duplicates: number;
  /** In no queue, without effect. */
  readonly missing: number;
  /** Without a fate, in a queue at the end. */
  readonly stuck: number;
}

/** What a dead letter tells; without a name when SQS's redrive policy moved it. */
interface Death {
  readonly name: string | undefined;
  readonly attempts: number | undefined;
}

/** What is known of each job, by its number: a few bytes each, since the soak watches its own memory. */
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
   * The runtime said why a job may go another way than it was meant to: its dead letter could not be sent yet, or the
   * effect of an idempotent one could not be remembered, which by design may bring a second.
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

  /** @param inQueues the jobs whose messages are in a queue still */
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

  /** Idempotent jobs that had a second effect because the runtime could not remember the first, and said so. */
  rerun(): number[] {
    return this.#indexes().filter(
      (index) =>
        isIdempotent(this.behaviour(index)) && (this.#effects[index] ?? 0) > 1 && this.#excuses[index],
    );
  }

  /** What went another way than it was promised, in words; nothing is what a soak is to find. */
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

/** How a message dies whose last attempt, or whose way to the dead-letter queue, was lost. */
function isBackstop({ name }: Death): boolean {
  return name === undefined || name === 'LostAttemptError';
}

function describe({ name = 'no reason (moved by the redrive policy)', attempts }: Death): string {
  return attempts === undefined ? name : `${name} after ${attempts} attempts`;
}
