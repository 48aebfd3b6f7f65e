/** The memory of this process, the platform's, as the jobs of a soak get their fates. */
export class MemoryWatch {
  readonly #jobs: number;
  readonly #rssMegabytes: number[] = [];

  constructor(jobs: number) {
    this.#jobs = jobs;
  }

  /** Takes the resident set at the end of each third of the jobs. */
  look(settled: number): void {
    const thirds = this.#rssMegabytes.length;
    if (thirds < 3 && settled >= Math.ceil((this.#jobs * (thirds + 1)) / 3)) {
      this.#rssMegabytes.push(Math.round(process.memoryUsage.rss() / 1_048_576));
    }
  }

  get rssMegabytesAtThirds(): readonly number[] {
    return this.#rssMegabytes;
  }

  get peakRssMegabytes(): number {
    return Math.round(process.resourceUsage().maxRSS / 1024);
  }
}
