import { stripVTControlCharacters } from 'node:util';

/** Text from a message on one line of a terminal: it must not move the cursor, nor fill the screen. */
export function oneLine(text: string, maxLength: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the very characters it removes
  const line = stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}
