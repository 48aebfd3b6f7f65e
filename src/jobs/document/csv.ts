import { NonRetryableError } from '../../job/index.ts';

/**
 * The records of a CSV text (RFC 4180), one by one; empty lines are none. Fields are parted by commas, semicolons or
 * tabs, whichever the first line has most of, or as a spreadsheet's first line `sep=;` says. A quote within an unquoted
 * field is a character like any other, as spreadsheets have it. Lines end with `\n`.
 * @throws {NonRetryableError} when a quoted field does not end, or a record has more than `maxFields`
 */
export function* parseCsv(text: string, maxFields: number): Generator<string[]> {
  const { delimiter, start } = dialectOf(text);
  let at = start;
  while (at < text.length) {
    const record: string[] = [];
    do {
      const field = text[at] === '"' ? quotedField(text, at) : { value: '', end: at };
      const end = unquotedEnd(text, field.end, delimiter);
      if (record.push(field.value + text.slice(field.end, end)) > maxFields)
        throw tooManyFields(text, at, maxFields);
      at = end + 1;
    } while (text[at - 1] === delimiter);
    if (record.length > 1 || record[0] !== '') yield record;
  }
}

interface Dialect {
  readonly delimiter: string;
  /** Where the first record begins. */
  readonly start: number;
}

function dialectOf(text: string): Dialect {
  const [line = '', said] = /^sep=(.)(?:\n|$)/.exec(text) ?? [];
  if (said !== undefined) return { delimiter: said, start: line.length };
  const firstLine = text.slice(0, unquotedEnd(text, 0, '\n')).replace(/"[^"]*"/g, '');
  const counts = [',', ';', '\t'].map((delimiter) => firstLine.split(delimiter).length);
  return { delimiter: [',', ';', '\t'][counts.indexOf(Math.max(...counts))] ?? ',', start: 0 };
}

/** The field that begins with the quote at `start`; two quotes in it are one. */
function quotedField(text: string, start: number): { value: string; end: number } {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  if (end !== -1) return { value: text.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 };
  throw new NonRetryableError(
    `line ${lineAt(text, start)} begins a field with a quote that no other quote ends: close it, or write two quotes for one`,
  );
}

function unquotedEnd(text: string, start: number, delimiter: string): number {
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === delimiter || text[at] === '\n') return at;
  }
  return text.length;
}

function tooManyFields(text: string, at: number, maxFields: number): NonRetryableError {
  return new NonRetryableError(
    `line ${lineAt(text, at)} has more than ${maxFields} columns, which is what a page has room for: leave some out, or split the file`,
  );
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}
