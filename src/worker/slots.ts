/** How many messages may run at the same time, and who waits for one to end. */
export class Slots {
  readonly #max: number;
  #taken = 0;
  #change = Promise.withResolvers<void>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes up to `wanted` of those that are free, at least one: waits for it, or for `wake`, and gives 0 then. */
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

  /** Lets everyone who waits look again. */
  wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
