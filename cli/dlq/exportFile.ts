import { open } from 'node:fs/promises';
import { CommandError } from '../CommandError.ts';
import { counted } from '../counted.ts';
import { givenPath } from '../givenPath.ts';
import type { Letter } from './letter.ts';
import { letterJson } from './letterJson.ts';

/** Takes letters as JSON Lines. */
export interface ExportedLines {
  /**
   * Resolves when they are on the disk, or on their way out.
   * @throws {ExportError}
   */
  write(letters: readonly Letter[]): Promise<void>;
  close(): Promise<void>;
}

/** What cannot be written to any more, in the middle of the work. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

/**
 * Opens a new file, or standard output where none is given.
 * @throws {CommandError} when the file cannot be written, or is there already: it may hold an earlier export
 */
export async function openLines(file: string | undefined, name: string): Promise<ExportedLines> {
  const textOf = (letters: readonly Letter[]): string =>
    letters.map((letter) => `${JSON.stringify(letterJson(name, letter))}\n`).join('');
  if (file === undefined) return standardOutput(textOf);
  const handle = await open(givenPath(file), 'ax').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'EEXIST' ? 'it is there already: give a new name' : cause.message;
    throw new CommandError(`cannot write ${file}: ${why}`, { cause });
  });
  return {
    async write(letters) {
      try {
        await handle.appendFile(textOf(letters));
        await handle.datasync();
      } catch (cause) {
        throw new ExportError(
          `cannot write to ${file} any more: ${(cause as Error).message}. What is not in it was left where it was: make room, and do this again with a new file`,
          { cause },
        );
      }
    },
    close: () => handle.close(),
  };
}

/** Whoever reads it may end at any time (`… | head`, a connection that is cut), and has got no more than what went out. */
function standardOutput(textOf: (letters: readonly Letter[]) => string): ExportedLines {
  let lines = 0;
  return {
    async write(letters) {
      const text = textOf(letters);
      const { promise, resolve } = Promise.withResolvers<Error | null | undefined>();
      process.stdout.write(text, resolve); // also waits for a slow reader
      const cause = await promise;
      if (cause) {
        throw new ExportError(
          `the export is not complete: standard output was closed after ${counted(lines, 'line')}, and its reader may have got fewer. Nothing was deleted: do this again, or into a file with --file`,
          { cause },
        );
      }
      lines += letters.length;
    },
    close: async () => undefined,
  };
}
