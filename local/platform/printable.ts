import { stripVTControlCharacters } from 'node:util';

/** A text that cannot steer the terminal it is printed on, such as a payload's; its line breaks and tabs stay. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return stripVTControlCharacters(text).replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}
