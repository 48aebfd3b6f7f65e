import { isUtf8 } from 'node:buffer';
import { NonRetryableError } from '../../job/index.ts';

/**
 * The text of a file, its lines ended by `\n`: UTF-8, or UTF-16 where it begins with that byte order mark, and otherwise
 * Windows-1252, which older spreadsheets write.
 * @throws {NonRetryableError} when it is empty, or no text
 */
export function decode(bytes: Uint8Array, name: string): string {
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes).replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n');
  if (text.trim() === '')
    throw new NonRetryableError(`${name} is empty: choose a file that has text, and upload it`);
  if (text.includes('\u0000'))
    throw new NonRetryableError(
      `${name} is no text, by its NUL bytes: save it as text or CSV, and upload that`,
    );
  return text;
}

function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}
