import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text as textOf } from 'node:stream/consumers';
import { type AnyJob, InvalidPayloadError } from '../../src/index.ts';
import { validPayload } from '../../src/job/validPayload.ts';
import { maxClaimCheckBytes, maxMessageBytes } from '../../src/message/limits.ts';
import { envelopeOf } from '../../src/message/received.ts';
import { CommandError } from '../outcome.ts';
import type { Letter } from './letter.ts';
import { type OffloadedPayloads, offloadedPayloads } from './offloadedPayloads.ts';
import type { Session } from './session.ts';

export interface EditOptions {
  readonly id: string;
  /** The new payload; when left out, an editor opens. */
  readonly payload?: string;
}

/**
 * The message to send in place of a letter's own; undefined when nothing is to be sent, which is printed with its cause.
 * @throws {CommandError} when the old payload cannot be read, there is no editor, or the new payload is too large
 */
export async function newMessage(
  letter: Letter,
  job: AnyJob | string,
  { target, queue }: Session,
  { id, payload }: EditOptions,
): Promise<string | undefined> {
  const payloads = offloadedPayloads(target);
  const old = await oldText(letter, queue.name, payload, payloads);
  const text = await correctionOf(old, payload, (given) => faultsOf(given, queue.name, job));
  if (text === undefined) {
    console.error('nothing was sent: the dead letter is as it was');
    return undefined;
  }
  if (text === old) {
    console.error(`nothing was changed. To send it back as it is: dlq redrive ${queue.name} --id ${id}`);
    return undefined;
  }
  return await messageOf(queue.name, letter, text, payloads);
}

/**
 * The text of the old payload. A payload in S3 is fetched only when an editor will show it.
 * @throws {CommandError} when it cannot be read
 */
async function oldText(
  letter: Letter,
  jobName: string,
  given: string | undefined,
  payloads: OffloadedPayloads,
): Promise<string> {
  const offloaded = given === undefined ? await payloads.read(letter, jobName) : undefined;
  if (offloaded === undefined) return prettyText(envelopeOf(letter.body)?.Message ?? letter.body);
  if ('text' in offloaded) return prettyText(offloaded.text);
  const { url, problem } = offloaded;
  throw new CommandError(
    `the payload is in S3, at ${url}, and was not read: ${problem}. Give the new one as a whole: --payload '<json>'`,
  );
}

/** Indents JSON, and gives any other text back as it is. */
function prettyText(text: string): string {
  try {
    return prettyJson(text);
  } catch {
    return text;
  }
}

async function faultsOf(text: string, jobName: string, job: AnyJob | string): Promise<string[]> {
  try {
    const payload: unknown = JSON.parse(text);
    if (typeof job !== 'string' && job.payload !== undefined)
      await validPayload(job.payload, payload, jobName);
    return [];
  } catch (error) {
    if (error instanceof InvalidPayloadError) {
      return error.issues.map(
        ({ path, message }) => `${path.map(String).join('.') || 'payload'}: ${message}`,
      );
    }
    return [
      error instanceof SyntaxError
        ? `not JSON: ${error.message}`
        : `the schema of ${jobName} threw: ${error}`,
    ];
  }
}

/**
 * The message to send: the payload itself, or a pointer to it in S3 when it is too large for a message of SNS.
 * @throws {CommandError} when it is larger than a payload in S3 may be, or S3 refuses it
 */
async function messageOf(
  jobName: string,
  { jobId }: Letter,
  text: string,
  payloads: OffloadedPayloads,
): Promise<string> {
  const payload = compactJson(text);
  const bytes = Buffer.byteLength(payload);
  if (bytes <= maxMessageBytes) return payload;
  if (bytes <= maxClaimCheckBytes) return (await payloads.put(jobName, jobId, payload)) ?? payload;
  throw new CommandError(
    `nothing was sent: the payload has ${bytes} bytes; through S3 it may have ${maxClaimCheckBytes}`,
  );
}

/** Gives a line for each fault of a text, none for a good one. */
type Check = (text: string) => Promise<readonly string[]>;

/**
 * A new text in place of an old one: the given text (`-` is standard input), or else what somebody saves in an editor. The
 * editor opens again as long as the text has faults and the person wants to go on. undefined when the faults remain.
 * @throws {CommandError} when there is neither a text nor an editor
 */
async function correctionOf(
  old: string,
  given: string | undefined,
  check: Check,
): Promise<string | undefined> {
  if (given === undefined) return await fromEditor(editorOf(process.env), old, check);
  const text = given === '-' ? await textOf(process.stdin) : given;
  return (await isGood(text, check)) ? text : undefined;
}

/**
 * The command that opens an editor. Where EDITOR is not set, npm sets it to vi, which is no use without a terminal.
 * @throws {CommandError} when there is none
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
    `the file to edit cannot be written or read: ${cause.message}. Nothing was changed`,
    { cause },
  );
}

/** `EDITOR` may have arguments (`code --wait`), so a shell runs it. While the editor is open, Ctrl-C goes to it alone. */
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

/** Indented JSON to edit. Numbers keep their digits: `JSON.parse` alone would round a 64-bit ID. */
function prettyJson(text: string): string {
  return `${JSON.stringify(parsedExactly(text), undefined, 2)}\n`;
}

/** JSON for a message. U+FFFE and U+FFFF are escaped, which means the same in JSON, because SQS refuses them. */
function compactJson(text: string): string {
  return JSON.stringify(parsedExactly(text)).replace(
    /[\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** @throws {SyntaxError} */
function parsedExactly(text: string): unknown {
  return exactJson.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? exactJson.rawJSON(source)
      : value,
  );
}

/** ECMAScript's "JSON.parse source text access", which the compiler does not know yet. */
const exactJson = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
};
