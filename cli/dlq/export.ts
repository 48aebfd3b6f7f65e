import { open } from 'node:fs/promises';
import { lastPart } from '../../src/names.ts';
import { givenPath } from '../options.ts';
import { CommandError, type End, onInterrupt, StopError } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { counted } from '../text.ts';
import { type Letter, letterJson } from './letter.ts';
import { endOf, startProgress } from './report.ts';
import { type Session, sweptQueue, withQueue } from './session.ts';
import { sweep } from './sweep.ts';

interface ExportOptions extends TargetOptions {
  readonly file?: string;
}

export async function exportLetters(name: string, options: ExportOptions): Promise<void> {
  await withQueue('export', name, options, (session) => write(session, options));
}

async function write(session: Session, { file }: ExportOptions): Promise<End> {
  const { queue, depth } = session;
  const lines = await openLines(file, queue.name);
  using interrupt = onInterrupt('giving back what was received');
  using progress = startProgress(`exporting ${queue.name}`, depth.waiting, file === undefined);
  let written = 0;
  try {
    await sweep(
      sweptQueue(session),
      async (letters) => {
        await lines.write(letters);
        written += letters.length;
        progress.update(written, { text: '' });
      },
      { signal: interrupt.signal },
    );
  } finally {
    await lines.close();
  }
  progress[Symbol.dispose]();
  const from = lastPart(queue.queueUrl);
  if (written === 0) console.error(`nothing to export: ${from} has no visible message`);
  else console.error(`exported ${counted(written, 'dead letter')} of ${from}${file ? ` to ${file}` : ''}`);
  const isInterrupted = interrupt.signal.aborted;
  return await endOf(session, { seen: written, removed: 0, isInterrupted }, written > 0);
}

/** Writes letters as JSON Lines. */
interface ExportedLines {
  /**
   * Resolves when the letters are on the disk, or were handed to the reader of standard output.
   * @throws {StopError} when they cannot be written
   */
  write(letters: readonly Letter[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a new file, or standard output where none is given.
 * @throws {CommandError} when the file cannot be written, or exists already, because it may hold an earlier export
 */
export async function openLines(file: string | undefined, name: string): Promise<ExportedLines> {
  const textOf = (letters: readonly Letter[]): string =>
    letters.map((letter) => `${JSON.stringify(letterJson(name, letter))}\n`).join('');
  if (file === undefined) return standardOutput(textOf);
  const handle = await open(givenPath(file), 'ax').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'EEXIST' ? 'it exists already: give a new name' : cause.message;
    throw new CommandError(`cannot write ${file}: ${why}`, { cause });
  });
  return {
    async write(letters) {
      try {
        await handle.appendFile(textOf(letters));
        await handle.datasync();
      } catch (cause) {
        throw new StopError(
          `cannot write to ${file} any more: ${(cause as Error).message}. Letters that are not in it were left in the queue: make room, and do this again with a new file`,
          { cause },
        );
      }
    },
    close: () => handle.close(),
  };
}

/** Counts the lines that went out: the reader of standard output may end at any time (`… | head`, a cut connection). */
function standardOutput(textOf: (letters: readonly Letter[]) => string): ExportedLines {
  let lines = 0;
  return {
    async write(letters) {
      const text = textOf(letters);
      const { promise, resolve } = Promise.withResolvers<Error | null | undefined>();
      process.stdout.write(text, resolve); // also waits for a slow reader
      const cause = await promise;
      if (cause) {
        throw new StopError(
          `the export is not complete: standard output was closed after ${counted(lines, 'line')}, and its reader may have got fewer. Nothing was deleted: do this again, or into a file with --file`,
          { cause },
        );
      }
      lines += letters.length;
    },
    close: async () => undefined,
  };
}
