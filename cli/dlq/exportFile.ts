import { open } from 'node:fs/promises';
import { CommandError } from '../CommandError.ts';
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

/** A file that cannot be written to any more, in the middle of the work. */
export class ExportError extends Error {
  override readonly name = 'ExportError';

  constructor(file: string, cause: Error) {
    super(
      `cannot write to ${file} any more: ${cause.message}. What is not in it was left where it was: make room, and do this again with a new file`,
      { cause },
    );
  }
}

/**
 * Opens a new file, or standard output where none is given.
 * @throws {CommandError} when the file cannot be written, or is there already: it may hold an earlier export
 */
export async function openLines(file: string | undefined, name: string): Promise<ExportedLines> {
  const textOf = (letters: readonly Letter[]): string =>
    letters.map((letter) => `${JSON.stringify(letterJson(name, letter))}\n`).join('');
  if (file === undefined) {
    return { write: (letters) => toStandardOutput(textOf(letters)), close: async () => undefined };
  }
  const handle = await open(file, 'ax').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'EEXIST' ? 'it is there already: give a new name' : cause.message;
    throw new CommandError(`cannot write ${file}: ${why}`, { cause });
  });
  return {
    async write(letters) {
      try {
        await handle.appendFile(textOf(letters));
        await handle.datasync();
      } catch (cause) {
        throw new ExportError(file, cause as Error);
      }
    },
    close: () => handle.close(),
  };
}

/** Waits for a slow reader; one who has seen enough (`… | head`) is no error. */
async function toStandardOutput(text: string): Promise<void> {
  const { stdout } = process;
  if (stdout.write(text) || stdout.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const event of ['drain', 'close']) stdout.once(event, resolve);
  await promise;
  for (const event of ['drain', 'close']) stdout.removeListener(event, resolve);
}
