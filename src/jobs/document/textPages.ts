import { margin, newPage, type Page, setTitle, styles, type WidthOf, wrap } from './page.ts';

/** Lays a text out, line by line, in a font whose columns stay columns. A form feed begins a new page. */
export function* textPages(text: string, title: string, widthOf: WidthOf): Generator<Page> {
  const { lineHeight } = styles.body;
  let page = newPage();
  let y = setTitle(page, title, widthOf);
  for (const { line, isOnNewPage } of linesOf(text)) {
    const parts = wrap(withoutTabs(line), page.width - 2 * margin, (part) => widthOf(part, 'body'));
    for (const [index, part] of parts.entries()) {
      if (y - lineHeight < margin || (isOnNewPage && index === 0)) {
        yield page;
        page = newPage();
        y = page.height - margin;
      }
      y -= lineHeight;
      if (part !== '') page.lines.push({ text: part, x: margin, y, style: 'body' });
    }
  }
  yield page;
}

function* linesOf(text: string): Generator<{ line: string; isOnNewPage: boolean }> {
  const ends = /[\n\f]/g;
  let isOnNewPage = false;
  let start = 0;
  while (start <= text.length) {
    const found = ends.exec(text);
    const end = found?.index ?? text.length;
    // The last line's end begins no line of its own.
    if (end > start || found !== null) yield { line: text.slice(start, end), isOnNewPage };
    isOnNewPage = found?.[0] === '\f';
    start = end + 1;
  }
}

/** Every tab goes to the next multiple of eight. */
function withoutTabs(line: string): string {
  let text = '';
  for (const [index, part] of line.split('\t').entries()) {
    text = (index === 0 ? text : text.padEnd((Math.floor(text.length / tabStop) + 1) * tabStop)) + part;
  }
  return text;
}

const tabStop = 8;
