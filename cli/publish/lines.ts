import { addAbortSignal, type Readable } from 'node:stream';
import type { AnyJob, Publisher, PublishItem, PublishResult, When } from '../../src/index.ts';
import type { JobLookup } from '../jobFiles.ts';

/** The result of a line. */
export interface LineResult {
  readonly line: number;
  readonly jobName: string | undefined;
  readonly jobId: string | undefined;
  readonly outcome: Outcome;
}

/** It was published, it waits for its time, or it failed. */
type Outcome = { readonly messageId: string } | { readonly at: Date } | { readonly error: Error };

interface LineOptions {
  /** The job of all lines, each of which is a payload then. Without it each line has its own `jobName` and `payload`. */
  readonly jobName: string | undefined;
  /** The group of all lines that have none of their own. */
  readonly group: string | undefined;
  /** When to publish the lines that have no `delay` or `at` of their own. */
  readonly when?: When;
  /** Once aborted, no more lines are read; lines that were read still get their results. */
  readonly signal?: AbortSignal;
}

/** Any job under any name: the payload is checked when it is published, not by the compiler. */
export type AnyJobs = Readonly<Record<string, AnyJob>>;

/**
 * Publishes JSON Lines as they are read, however many, and yields their results in the order of the lines. A line that
 * fails does not affect the others.
 */
export async function* publishLines(
  publisher: Publisher<AnyJobs>,
  input: Readable,
  lookup: JobLookup,
  options: LineOptions,
): AsyncGenerator<LineResult> {
  const { signal } = options;
  const lines = linesOf(signal === undefined ? input : addAbortSignal(signal, input));
  const onTheirWay: { line: number; jobName: string }[] = [];
  const unread: LineResult[] = [];
  let isOver = false;

  /** Ends early after many unreadable lines, so that they are yielded: the stream yields only results of published items. */
  async function* items(): AsyncGenerator<PublishItem<AnyJobs>> {
    while (unread.length < maxUnread) {
      const line = await next();
      if (line === undefined) {
        isOver = true;
        return;
      }
      try {
        const given = readLine(line, options);
        if (given === undefined) continue;
        const { jobName, ...item } = given;
        const job = await lookup(jobName);
        onTheirWay.push({ line: line.number, jobName });
        yield { ...item, job };
      } catch (error) {
        unread.push({
          line: line.number,
          jobName: undefined,
          jobId: undefined,
          outcome: { error: error as Error },
        });
      }
    }
  }

  async function next(): Promise<Line | undefined> {
    try {
      return signal?.aborted ? undefined : (await lines.next()).value;
    } catch (error) {
      if (signal?.aborted) return undefined; // interrupted while it waited for input
      throw error;
    }
  }

  while (!isOver) {
    for await (const result of publisher.publishStream(items())) {
      const { line, jobName } = onTheirWay.shift() as { line: number; jobName: string };
      yield* unread.splice(0, unread.findLastIndex((earlier) => earlier.line < line) + 1);
      yield { line, jobName, jobId: result.jobId, outcome: outcomeOf(result) };
    }
    yield* unread.splice(0);
  }
}

/** The most unreadable lines to keep before they are yielded. */
const maxUnread = 1_000;

function outcomeOf(result: PublishResult): Outcome {
  if (result.status === 'failed') return { error: result.error };
  return result.status === 'delayed' ? { at: result.at } : { messageId: result.messageId };
}

type GivenItem = Omit<PublishItem<AnyJobs>, 'job'> & { readonly jobName: string };

function readLine(line: Line, { jobName, group, when }: LineOptions): GivenItem | undefined {
  const value = parseLine(line);
  if (value === undefined) return undefined;
  if (jobName !== undefined) return { jobName, payload: value, group, ...when };
  const item = itemOf(value);
  return { group, ...('delay' in item || 'at' in item ? {} : when), ...item };
}

function itemOf(value: unknown): GivenItem {
  const fields = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const unknown = Object.keys(fields).filter((field) => !knownFields.includes(field));
  if (unknown.length > 0) throw new SyntaxError(`unknown field ${unknown.join(', ')}: ${expected}`);
  if (!('jobName' in fields) || typeof fields.jobName !== 'string' || !('payload' in fields)) {
    throw new SyntaxError(`no jobName and payload: ${expected}`);
  }
  return fields as GivenItem;
}

const knownFields = ['jobName', 'payload', 'jobId', 'group', 'attributes', 'delay', 'at'];

const expected =
  'without a job name as argument each line must be {"jobName":…,"payload":…}, optionally with jobId, group, attributes, delay or at';

/** A line of text; the first one is number 1. */
interface Line {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * Splits a stream at LF only, as JSON Lines requires. Node's readline would also split at U+2028 and U+2029, which JSON
 * allows inside a string.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 0;
  let open: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      number += 1;
      yield { number, bytes: Buffer.concat([...open, chunk.subarray(start, end)]) };
      [open, start] = [[], end + 1];
    }
    if (start < chunk.length) open.push(chunk.subarray(start));
  }
  if (open.length > 0) yield { number: number + 1, bytes: Buffer.concat(open) };
}

/**
 * The JSON value of a line; undefined for a blank one.
 * @throws {SyntaxError} when it is not JSON, or not UTF-8
 */
export function parseLine({ bytes }: Line): unknown {
  const text = textOf(bytes).trim();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`not JSON: ${(cause as Error).message}`, { cause });
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new SyntaxError('not UTF-8: save the file in that encoding', { cause });
  }
}

/** Drops a byte order mark. Throws for bytes that are not UTF-8: replacing them would change the payload. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

const lineFeed = 0x0a;
