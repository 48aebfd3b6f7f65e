/** A page that is laid out. Lengths are PDF's points, 1/72 inch, from the lower left corner. */
export interface Page {
  readonly width: number;
  readonly height: number;
  readonly lines: Line[];
  readonly boxes: Box[];
}

/** One line of text; `y` is its baseline. */
export interface Line {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly style: Style;
}

/** A filled rectangle behind the text. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill: 'stripe' | 'rule';
}

/** What a document is set in. */
export const styles = {
  title: { font: 'bold', size: 16, lineHeight: 21 },
  body: { font: 'mono', size: 9.5, lineHeight: 13 },
  cell: { font: 'sans', size: 9, lineHeight: 12 },
  head: { font: 'bold', size: 9, lineHeight: 12 },
  footer: { font: 'sans', size: 8, lineHeight: 11 },
} as const satisfies Record<string, { font: Font; size: number; lineHeight: number }>;

export type Style = keyof typeof styles;
export type Font = 'sans' | 'bold' | 'mono';

/** How wide a text is in a style. */
export type WidthOf = (text: string, style: Style) => number;

export const margin = 50;

/** Where the footer's baseline is; content ends `margin` above the page's end. */
export const footerY = 28;

/** A4, in points. */
export const a4 = { short: 595.28, long: 841.89 };

/** An empty page of A4. */
export function newPage(orientation: 'portrait' | 'landscape' = 'portrait'): Page {
  const [width, height] = orientation === 'portrait' ? [a4.short, a4.long] : [a4.long, a4.short];
  return { width, height, lines: [], boxes: [] };
}

/** Sets the title at the top of a page. @returns where the content below it begins */
export function setTitle(page: Page, title: string, widthOf: WidthOf): number {
  let y = page.height - margin;
  for (const text of wrap(title, page.width - 2 * margin, (part) => widthOf(part, 'title')).slice(0, 4)) {
    page.lines.push({ text, x: margin, y: y - styles.title.size, style: 'title' });
    y -= styles.title.lineHeight;
  }
  return y - 10;
}

/**
 * Breaks a line where it gets too wide, between words where it can; spaces within a line stay, one at a break goes. A
 * line has one part at least, and a part one character.
 */
export function wrap(line: string, maxWidth: number, widthOf: (text: string) => number): string[] {
  const parts: string[] = [];
  let start = 0;
  let width = 0;
  let lastSpace = -1;
  let hasWord = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] as string;
    width += widthOf(character);
    if (character === ' ' && hasWord) lastSpace = at;
    if (character !== ' ') hasWord = true;
    if (width <= maxWidth || at === start || character === ' ') continue;
    const isBetweenWords = lastSpace > start;
    parts.push(line.slice(start, isBetweenWords ? lastSpace : at).trimEnd());
    start = isBetweenWords ? lastSpace + 1 : at;
    width = 0;
    for (let next = start; next <= at; next += 1) width += widthOf(line[next] as string);
  }
  return [...parts, line.slice(start).trimEnd()];
}
