import type { LineResult } from './publishLines.ts';
import { counted } from './text.ts';

/** Counts what became of the lines, and says so: as JSON Lines while they come, or for people at the end. */
export class Report {
  published = 0;
  /** Those that wait for their time. */
  delayed = 0;
  failed = 0;
  /** The first line without a result. */
  nextLine = 1;
  readonly #json: boolean;
  /** The first ones; a file of a million bad lines must not fill the memory, nor the screen. */
  readonly #shownFailures: string[] = [];

  constructor(options: { json: boolean }) {
    this.#json = options.json;
  }

  add(result: LineResult): void {
    this.nextLine = result.line + 1;
    if ('error' in result.outcome) this.#addFailure(result.line, result.outcome.error);
    else if ('at' in result.outcome) this.delayed += 1;
    else this.published += 1;
    if (this.#json) console.log(jsonOf(result));
  }

  /** The failures with their lines, then a summary. With JSON they are on standard error, beside the results. */
  print(targetName: string): void {
    for (const failure of this.#shownFailures) console.error(failure);
    const hidden = this.failed - this.#shownFailures.length;
    if (hidden > 0)
      console.error(`… and ${counted(hidden, 'more failure')}${this.#json ? '' : '; --json shows all'}`);
    const failures = this.failed === 0 ? '' : `, ${counted(this.failed, 'failure')}`;
    const delayed = this.delayed === 0 ? '' : `, delayed ${counted(this.delayed, 'job')}`;
    const summary = `published ${counted(this.published, 'message')} to ${targetName}${delayed}${failures}`;
    if (this.#json) console.error(summary);
    else console.log(summary);
  }

  #addFailure(line: number, error: Error): void {
    this.failed += 1;
    if (this.#shownFailures.length < maxShownFailures)
      this.#shownFailures.push(`line ${line}: ${error.message}`);
  }
}

/** One result as one line of JSON; `line` is left out where there was none. */
export function jsonOf({
  line,
  jobName,
  jobId,
  outcome,
}: Omit<LineResult, 'line'> & { line?: number }): string {
  if ('messageId' in outcome) {
    return JSON.stringify({ line, status: 'published', jobName, jobId, messageId: outcome.messageId });
  }
  if ('at' in outcome) return JSON.stringify({ line, status: 'delayed', jobName, jobId, at: outcome.at });
  const { name, message } = outcome.error;
  return JSON.stringify({ line, status: 'failed', jobName, jobId, error: { name, message } });
}

const maxShownFailures = 20;
