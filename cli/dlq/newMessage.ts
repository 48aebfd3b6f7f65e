import { type AnyJob, InvalidPayloadError } from '../../src/index.ts';
import { validPayload } from '../../src/job/validPayload.ts';
import { maxClaimCheckBytes, maxMessageBytes } from '../../src/message/limits.ts';
import { envelopeOf } from '../../src/message/received.ts';
import { CommandError } from '../outcome.ts';
import { correctionOf } from './editor.ts';
import type { Letter } from './letter.ts';
import { type OffloadedPayloads, offloadedPayloads } from './offloadedPayloads.ts';
import type { Session } from './session.ts';

export interface EditOptions {
  readonly id: string;
  /** The new one; an editor asks for it when left out. */
  readonly payload?: string;
}

/**
 * What is to be published in place of a letter's message; undefined, and said why, where nothing is.
 * @throws {CommandError} when the old one cannot be read, nobody can be asked, or the new one does not fit
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
 * What was published. A payload in S3 is fetched when somebody is to edit it.
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

/** Pretty where it is JSON, else as it is. */
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
 * What is published in its place: the payload itself, or, where it is too large for SNS's messages, a pointer to it in S3.
 * @throws {CommandError} when it is too large for S3 too, or S3 does not take it
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

/** JSON for people to edit. Numbers stay as they were written: a 64-bit ID would not survive `JSON.parse` alone. */
function prettyJson(text: string): string {
  return `${JSON.stringify(parsedExactly(text), undefined, 2)}\n`;
}

/** JSON for a message; SQS refuses U+FFFE and U+FFFF, and in JSON an escape means the same. */
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

/** What ECMAScript's "JSON.parse source text access" adds, which the compiler does not know yet. */
const exactJson = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
};
