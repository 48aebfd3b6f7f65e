import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text as textOf } from 'node:stream/consumers';
import { CommandError } from '../CommandError.ts';

/** What is wrong with a text, a line each; nothing for a good one. */
export type Check = (text: string) => Promise<readonly string[]>;

/**
 * A new text in place of an old one: the given one (`-` is standard input), else what comes out of an editor, which
 * opens again as long as there are faults and the person wants to go on. Undefined when it has faults and stays so.
 * @throws {CommandError} where there is neither a text nor an editor
 */
export async function correctionOf(
  old: string,
  given: string | undefined,
  check: Check,
): Promise<string | undefined> {
  const editor = process.env.VISUAL || process.env.EDITOR;
  if (given === undefined && editor) return await fromEditor(editor, old, check);
  const text = given ?? '-';
  if (text !== '-') return (await isGood(text, check)) ? text : undefined;
  if (process.stdin.isTTY && given === undefined) {
    throw new CommandError(
      "there is no editor: set EDITOR, or give --payload '<json>', or - for standard input",
    );
  }
  const input = await textOf(process.stdin);
  return (await isGood(input, check)) ? input : undefined;
}

async function fromEditor(editor: string, old: string, check: Check): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'dead-letter-')).catch(noFile);
  const file = join(directory, 'payload.json');
  try {
    await writeFile(file, old, { mode: 0o600 }).catch(noFile);
    for (;;) {
      await openEditor(editor, file);
      const text = await readFile(file, 'utf8').catch(noFile);
      if (await isGood(text, check)) return text;
      if (!(await wantsToGoOn())) return undefined;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function noFile(cause: Error): never {
  throw new CommandError(
    `the file to edit is not there, or not any more: ${cause.message}. Nothing was changed`,
    { cause },
  );
}

/** `EDITOR` may have arguments (`code --wait`), so a shell reads it. Ctrl-C is the editor's while it is open. */
async function openEditor(editor: string, file: string): Promise<void> {
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const child = spawn(`${editor} "${file}"`, { shell: true, stdio: 'inherit' });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new CommandError(`the editor '${editor}' ended with ${code}: nothing was changed`);
  } finally {
    process.removeListener('SIGINT', ignore);
  }
}

async function isGood(text: string, check: Check): Promise<boolean> {
  const faults = await check(text);
  for (const fault of faults) console.error(fault);
  return faults.length === 0;
}

async function wantsToGoOn(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('n')));
  try {
    return !/^n/i.test((await Promise.race([terminal.question('Edit again? [Y/n] '), closed])).trim());
  } finally {
    terminal.close();
  }
}
