import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Publisher } from '../../src/index.ts';
import { type Bar, startBar } from '../bar.ts';
import { jobLookup } from '../jobFiles.ts';
import { givenPath } from '../options.ts';
import { CommandError, type End, onInterrupt } from '../outcome.ts';
import type { Target } from '../target.ts';
import { counted, shellWord } from '../text.ts';
import { whenOf } from '../when.ts';
import { type AnyJobs, type LineResult, publishLines } from './lines.ts';
import type { PublishOptions } from './publish.ts';

/** Where jobs are published to. */
export interface Destination {
  readonly target: Target;
  readonly publisher: Publisher<AnyJobs>;
}

/** Publishes a file of JSON Lines, or standard input, and reports the result of each line. */
export async function publishFile(
  { target, publisher }: Destination,
  jobName: string | undefined,
  file: string,
  options: PublishOptions,
): Promise<End> {
  const { group, force = false, json = false } = options;
  const lookup = jobLookup(target, force);
  if (jobName !== undefined) await lookup(jobName);
  const { input, bytes, bytesRead } = await openInput(file);
  const report = new Report({ json });
  using bar = startPublishBar(bytes);
  using interrupt = onInterrupt('publishing the lines in hand');
  const { signal } = interrupt;
  try {
    const lines = { jobName, group, when: whenOf(options), signal };
    for await (const result of publishLines(publisher, input, lookup, lines)) {
      report.add(result);
      const { published, failed } = report;
      bar.update(bytes === undefined ? 0 : bytesRead(), { published, failed });
    }
  } finally {
    bar[Symbol.dispose]();
    report.print(target.name);
  }
  if (!signal.aborted) return report.failed > 0 ? 'failed' : 'done';
  const { nextLine } = report;
  const how =
    file === '-' ? '' : `, such as by tail -n +${nextLine} ${shellWord(file)} | … with - in place of --file`;
  console.error(`interrupted before line ${nextLine}: go on from there${how}`);
  return 'interrupted';
}

/** Starts a bar, which only counts when the size is unknown. */
function startPublishBar(bytes: number | undefined): Bar {
  const counts = '{published} published, {failed} failed';
  const format =
    bytes === undefined ? `publishing: ${counts}` : `publishing |{bar}| {percentage}% | ${counts}`;
  return startBar(format, bytes ?? 0, { published: 0, failed: 0 });
}

/** Opens a file, or standard input for `-`. Progress is measured by the bytes read; only a regular file has a known size. */
async function openInput(
  file: string,
): Promise<{ input: Readable; bytes: number | undefined; bytesRead(): number }> {
  if (file === '-') return { input: process.stdin, bytes: undefined, bytesRead: () => 0 };
  const handle = await open(givenPath(file)).catch((cause: Error) => {
    throw new CommandError(`cannot read ${file}: ${cause.message}`, { cause });
  });
  const stat = await handle.stat();
  if (stat.isDirectory()) {
    await handle.close();
    throw new CommandError(`cannot read ${file}: it is a directory. Give a file of JSON Lines`);
  }
  const input = handle.createReadStream();
  return { input, bytes: stat.isFile() ? stat.size : undefined, bytesRead: () => input.bytesRead };
}

/** Counts the results of the lines. Prints them as JSON Lines while they come, or a summary at the end. */
class Report {
  published = 0;
  /** Jobs whose time is still to come. */
  delayed = 0;
  failed = 0;
  /** The first line without a result. */
  nextLine = 1;
  readonly #json: boolean;
  /** The first failures only: a file of a million bad lines must fill neither the memory nor the screen. */
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

  /** Prints the failures with their lines, then a summary. With JSON all of this goes to standard error. */
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

/** One result as one line of JSON; `line` is left out for a job that came from no file. */
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
