import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text as textOf } from 'node:stream/consumers';
import { CommandError } from '../outcome.ts';

/** What is wrong with a text, a line each; nothing for a good one. */
type Check = (text: string) => Promise<readonly string[]>;

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
  if (given === undefined) return await fromEditor(editorOf(process.env), old, check);
  const text = given === '-' ? await textOf(process.stdin) : given;
  return (await isGood(text, check)) ? text : undefined;
}

/**
 * The command that opens an editor. npm sets EDITOR=vi where it is not set: without a terminal nobody can have meant that.
 * @throws {CommandError} where there is none
 */
export function editorOf({ VISUAL, EDITOR, npm_lifecycle_event: script }: NodeJS.ProcessEnv): string {
  const isOfNpm = script !== undefined && EDITOR === 'vi' && !process.stdin.isTTY;
  const editor = VISUAL || (isOfNpm ? undefined : EDITOR);
  if (editor) return editor;
  throw new CommandError(
    "there is no editor to open: give the new payload, --payload '<json>' or --payload - for standard input, or set EDITOR",
  );
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
