import { a4, margin, newPage, type Page, type Style, setTitle, styles, type WidthOf, wrap } from './page.ts';

/**
 * Lays a table out: its first row is the header, repeated on every page. Columns are as wide as they need, the wide ones
 * share what is left; columns of numbers stand on the right; a row is cut only where it is longer than a page.
 * @param rows of `maxColumns` columns at most
 */
export function* tablePages(
  [head = [], ...rows]: readonly (readonly string[])[],
  title: string,
  widthOf: WidthOf,
): Generator<Page> {
  const columns = columnsOf(head, rows, widthOf);
  const { orientation } = columns;
  const header = { lines: cellLines(head, columns, 'head').map((lines) => lines.slice(0, 4)), columns };
  let page = newPage(orientation);
  let y = setHeader(page, setTitle(page, title, widthOf), header);
  let topY = y;
  for (const [index, row] of rows.entries()) {
    const lines = cellLines(row, columns, 'cell');
    const count = Math.max(...lines.map(({ length }) => length));
    let done = 0;
    while (done < count) {
      const left = count - done;
      const room = linesBelow(y);
      const isTaken = room >= left || (y === topY && room > 0);
      if (!isTaken) {
        yield page;
        page = newPage(orientation);
        topY = y = setHeader(page, page.height - margin, header);
        continue;
      }
      const taken = Math.min(left, room);
      const part = lines.map((cell) => cell.slice(done, done + taken));
      if (index % 2 === 1) page.boxes.push(rowBox(y, taken, columns));
      y = setRow(page, y, part, taken, 'cell', columns);
      done += taken;
    }
  }
  yield page;
}

interface Columns {
  readonly orientation: 'portrait' | 'landscape';
  /** Of each column, padding included. */
  readonly widths: readonly number[];
  readonly isNumeric: readonly boolean[];
  readonly widthOf: WidthOf;
}

const padding = { x: 5, y: 3 };
const minColumnWidth = 30;

/** More have no room on a page. */
export const maxColumns = Math.floor((a4.long - 2 * margin) / minColumnWidth);

function columnsOf(head: readonly string[], rows: readonly (readonly string[])[], widthOf: WidthOf): Columns {
  const count = rows.reduce((most, { length }) => Math.max(most, length), head.length);
  const available = { portrait: a4.short - 2 * margin, landscape: a4.long - 2 * margin };
  const wanted: number[] = Array(count).fill(minColumnWidth);
  const isNumeric: boolean[] = Array(count).fill(false);
  const note = (row: readonly string[], style: Style) => {
    for (const [column, cell] of row.entries()) {
      const wide = cell.split('\n').reduce((most, line) => Math.max(most, widthOf(line, style)), 0);
      wanted[column] = Math.max(wanted[column] ?? 0, wide + 2 * padding.x + 0.01);
    }
  };
  note(head, 'head');
  for (const row of rows) note(row, 'cell');
  for (const column of isNumeric.keys()) isNumeric[column] = rows.length > 0 && areNumbers(rows, column);
  const isWide = wanted.reduce((sum, width) => sum + Math.min(width, 160), 0) > available.portrait;
  const orientation = isWide ? 'landscape' : 'portrait';
  return { orientation, widths: shared(wanted, available[orientation]), isNumeric, widthOf };
}

function areNumbers(rows: readonly (readonly string[])[], column: number): boolean {
  const cells = rows.map((row) => row[column]?.trim() ?? '').filter((cell) => cell !== '');
  return cells.length > 0 && cells.every((cell) => /^[€$£]? ?[-+]?\d[\d.,'\xA0 ]*[%€$£]?$/.test(cell));
}

/** The narrowest get what they want, the others share the rest. */
function shared(wanted: readonly number[], available: number): number[] {
  const widths = [...wanted];
  let left = available;
  let columns = wanted.length;
  for (const [column, width] of [...wanted.entries()].sort(([, one], [, other]) => one - other)) {
    const got = Math.min(width, left / columns);
    widths[column] = got;
    left -= got;
    columns -= 1;
  }
  return widths;
}

/** The lines of each cell; one at least, so that an empty row has a height. */
function cellLines(row: readonly string[], { widths, widthOf }: Columns, style: Style): string[][] {
  return widths.map((width, column) =>
    (row[column] ?? '')
      .replace(/[\t\f]/g, ' ')
      .trimEnd()
      .split('\n')
      .flatMap((line) => wrap(line, width - 2 * padding.x, (text) => widthOf(text, style))),
  );
}

interface Header {
  readonly lines: readonly string[][];
  readonly columns: Columns;
}

/** @returns where the first row below it begins */
function setHeader(page: Page, y: number, { lines, columns }: Header): number {
  const count = Math.max(1, ...lines.map(({ length }) => length));
  const below = setRow(page, y, lines, count, 'head', columns);
  page.boxes.push({ x: margin, y: below, width: tableWidth(columns), height: 0.8, fill: 'rule' });
  return below;
}

function setRow(
  page: Page,
  y: number,
  cells: readonly string[][],
  count: number,
  style: 'cell' | 'head',
  { widths, isNumeric, widthOf }: Columns,
): number {
  const { size, lineHeight } = styles[style];
  let x = margin;
  for (const [column, lines] of cells.entries()) {
    const width = widths[column] ?? 0;
    for (const [index, text] of lines.entries()) {
      if (text === '') continue;
      const indent = isNumeric[column] ? width - padding.x - widthOf(text, style) : padding.x;
      page.lines.push({ text, x: x + indent, y: y - padding.y - size - index * lineHeight, style });
    }
    x += width;
  }
  return y - rowHeight(count);
}

function rowBox(y: number, count: number, columns: Columns): Page['boxes'][number] {
  const height = rowHeight(count);
  return { x: margin, y: y - height, width: tableWidth(columns), height, fill: 'stripe' };
}

function rowHeight(count: number): number {
  return count * styles.cell.lineHeight + 2 * padding.y;
}

/** How many lines a row that begins there may have. */
function linesBelow(y: number): number {
  return Math.floor((y - margin - 2 * padding.y) / styles.cell.lineHeight);
}

function tableWidth({ widths }: Columns): number {
  return widths.reduce((sum, width) => sum + width, 0);
}
