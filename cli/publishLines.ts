import type { Readable } from 'node:stream';
import type { AnyJob, Publisher, PublishItem } from '../src/index.ts';
import type { JobLookup } from './jobFiles.ts';
import { type Line, linesOf, parseLine } from './jsonLines.ts';

/** What became of a line. */
export interface LineResult {
  readonly line: number;
  readonly jobName: string | undefined;
  readonly jobId: string | undefined;
  readonly outcome: { readonly messageId: string } | { readonly error: Error };
}

export interface LineOptions {
  /** The job of all lines, which then are payloads; without it each line says its `jobName` and `payload`. */
  readonly jobName: string | undefined;
  /** The group of the lines that name none. */
  readonly group: string | undefined;
}

/** Any job under any name, checked when it is published and not by the compiler. */
export type AnyJobs = Readonly<Record<string, AnyJob>>;

/**
 * Publishes JSON Lines as they are read, however many, and yields their results in the order of the lines. A line
 * that fails never touches its neighbours.
 */
export async function* publishLines(
  publisher: Publisher<AnyJobs>,
  input: Readable,
  lookup: JobLookup,
  options: LineOptions,
): AsyncGenerator<LineResult> {
  const onTheirWay: { line: number; jobName: string }[] = [];
  const unread: LineResult[] = [];

  async function* items(): AsyncGenerator<PublishItem<AnyJobs>> {
    for await (const line of linesOf(input)) {
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

  for await (const { jobId, ...result } of publisher.publishStream(items())) {
    const { line, jobName } = onTheirWay.shift() as { line: number; jobName: string };
    yield* unread.splice(0, unread.findLastIndex((earlier) => earlier.line < line) + 1);
    const outcome = result.status === 'published' ? { messageId: result.messageId } : { error: result.error };
    yield { line, jobName, jobId, outcome };
  }
  yield* unread;
}

type GivenItem = Omit<PublishItem<AnyJobs>, 'job'> & { readonly jobName: string };

function readLine(line: Line, { jobName, group }: LineOptions): GivenItem | undefined {
  const value = parseLine(line);
  if (value === undefined) return undefined;
  if (jobName !== undefined) return { jobName, payload: value, group };
  return { group, ...itemOf(value) };
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

const knownFields = ['jobName', 'payload', 'jobId', 'group', 'attributes'];

const expected =
  'without a job name as argument each line is {"jobName":…,"payload":…}, and jobId, group, attributes where wanted';
