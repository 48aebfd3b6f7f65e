import { stripVTControlCharacters } from 'node:util';
import { nearestName } from '../src/nearestName.ts';

/** `1 dead letter`, `2,000 dead letters`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** A length of time in its two largest units: `3d 4h`, `12m 5s`, `0s`. */
export function lengthOfTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const amounts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ] as const;
  const first = amounts.findIndex(([amount]) => amount > 0);
  const shown = first < 0 ? amounts.slice(-1) : amounts.slice(first, first + 2);
  return shown
    .filter(([amount], index) => index === 0 || amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}

/** Makes text from outside one line of at most so many characters, and removes what could control the terminal. */
export function oneLine(text: string, maxLength: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it removes these characters
  const line = stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}

/** Quotes text so that a POSIX shell reads it as one word. */
export function shellWord(text: string): string {
  return /^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Rows under their headings, in columns. The first column is aligned to the left, all others to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [headings, ...rows]
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `2026-12-24T17:00:00Z` */
export function instantText(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** One line of a description, such as a dead letter's: an indented label and its text. */
export function labelled(label: string, text: string): string {
  return `  ${label.padEnd(8)} ${text}`;
}

/**
 * What to do about a name that is none of these.
 * @param otherwise what to say when no name is similar; lists the names by default
 */
export function nameAdvice(
  name: string,
  names: readonly string[],
  otherwise: string = `There are: ${names.join(', ')}`,
): string {
  const nearest = nearestName(name, names);
  return nearest === undefined ? otherwise : `Did you mean ${nearest}?`;
}
