import Papa from 'papaparse';
import { NonRetryableError } from '../../job/index.ts';

/** A text in lines of a fixed-width font. */
interface Layout {
  /** The lines at the top of every page: a table's header, or none. */
  readonly head: readonly string[];
  readonly lines: readonly string[];
}

/** Breaks a text into lines of at most `width` characters. */
export function textLayout(text: string, width: number): Layout {
  const lines = text.trimEnd().split('\n');
  return { head: [], lines: lines.flatMap((line) => wrap(line.replaceAll('\t', '    '), width)) };
}

/**
 * Lays a CSV table out in columns. The delimiter is guessed, and the first row is the header.
 * @throws {NonRetryableError} when a quote is not closed, or the table has no rows or too many columns
 */
export function tableLayout(text: string, width: number): Layout {
  const { data, errors } = Papa.parse<string[]>(text.trimEnd(), { skipEmptyLines: 'greedy' });
  const unreadable = errors.find(({ type }) => type === 'Quotes');
  if (unreadable) {
    const { row = 0, message } = unreadable;
    throw new NonRetryableError(`row ${row + 1} of the table cannot be read: ${message}. Correct its quotes`);
  }
  const [head, ...rows] = data;
  if (head === undefined) throw new NonRetryableError('the table has no row: choose a file that has some');
  const widths = columnWidths(data, width);
  const linesOf = (row: string[]): string[] => rowLines(row, widths);
  const rule = widths.map((columnWidth) => '-'.repeat(columnWidth)).join(gap);
  return { head: [...linesOf(head), rule], lines: rows.flatMap(linesOf) };
}

const gap = '  ';
const minColumnWidth = 4;

/** The widths of columns. Narrow columns get the width that they need, and wide columns share the rest. */
function columnWidths(rows: readonly string[][], width: number): number[] {
  const wanted: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      const longest = cell.split('\n').reduce((most, { length }) => Math.max(most, length), minColumnWidth);
      wanted[column] = Math.max(wanted[column] ?? 0, longest);
    }
  }
  const maxColumns = Math.floor((width + gap.length) / (minColumnWidth + gap.length));
  if (wanted.length > maxColumns) {
    const problem = `the table has ${wanted.length} columns; a page has room for ${maxColumns}`;
    throw new NonRetryableError(`${problem}: leave some out, or split the file`);
  }
  let left = width - gap.length * (wanted.length - 1);
  const widths = [...wanted];
  const byWidth = [...wanted.entries()].sort(([, one], [, other]) => one - other);
  for (const [index, [column, columnWidth]] of byWidth.entries()) {
    widths[column] = Math.min(columnWidth, Math.floor(left / (wanted.length - index)));
    left -= widths[column];
  }
  return widths;
}

/** The lines of a row: as many as its longest cell needs. */
function rowLines(row: readonly string[], widths: readonly number[]): string[] {
  const cells = widths.map((width, column) =>
    (row[column] ?? '').split('\n').flatMap((line) => wrap(line, width)),
  );
  const count = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: count }, (_, index) =>
    cells.map((lines, column) => (lines[index] ?? '').padEnd(widths[column] ?? 0)).join(gap),
  );
}

/** Breaks a line that is too long, between words if possible. */
export function wrap(line: string, width: number): string[] {
  const parts: string[] = [];
  let rest = line.trimEnd();
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 && rest.slice(0, space).trim() !== '' ? space : width;
    parts.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...parts, rest];
}
