/** Limits how many messages run at the same time. */
export class Slots {
  readonly #max: number;
  #taken = 0;
  #change = Promise.withResolvers<void>();

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Takes up to `wanted` free slots, and gives their number. When none is free, it waits
   * for one or for `wake`, and may then give 0.
   */
  async take(wanted: number): Promise<number> {
    if (this.#taken >= this.#max) await this.#change.promise;
    const taken = Math.min(wanted, this.#max - this.#taken);
    this.#taken += taken;
    return taken;
  }

  free(count: number): void {
    this.#taken -= count;
    if (count > 0) this.wake();
  }

  /** Lets every waiting `take` look again. */
  wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
