import { isUtf8 } from 'node:buffer';
import { NonRetryableError } from '../../job/index.ts';

/**
 * The text of a file, with `\n` at the end of each line. The file is read as UTF-16 when it begins with its byte order
 * mark, else as UTF-8, and where it is not UTF-8 as Windows-1252, which older spreadsheets write.
 * @throws {NonRetryableError} when the file is empty, or not a text
 */
export function decode(bytes: Uint8Array, name: string): string {
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes).replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n');
  if (text.trim() === '')
    throw new NonRetryableError(`${name} is empty: choose a file that has text, and upload it`);
  if (text.includes('\u0000'))
    throw new NonRetryableError(
      `${name} is not a text, because it has NUL bytes: save it as text or CSV, and upload that`,
    );
  return text;
}

function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}
