import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { type JobContext, NonRetryableError } from '../../job/index.ts';
import { parseCsv } from './csv.ts';
import { footerY, margin, type Page, styles, type WidthOf } from './page.ts';
import { newPdf } from './pdf.ts';
import { maxColumns, tablePages } from './tablePages.ts';
import { textPages } from './textPages.ts';
import { replacement, toWinAnsi } from './winAnsi.ts';

/** What is to become a PDF. */
export interface Source {
  readonly text: string;
  readonly contentType: string;
  readonly title: string;
}

/**
 * Makes a PDF of a text or a CSV table. Between pages it says how far it is, and stops when the signal is aborted.
 * @throws {NonRetryableError} when it would have more than `maxPages` pages, or the table cannot be read or set
 */
export async function renderPdf(
  source: Source,
  { log, progress, signal }: Pick<JobContext, 'log' | 'progress' | 'signal'>,
): Promise<Uint8Array> {
  const title = toWinAnsi(source.title).text.replace(/\s+/g, ' ').trim();
  const pdf = await newPdf(source.title);
  const { pages, replaced } = layOut(source, title, pdf.widthOf);
  // Laid out twice, first to count: all pages at once would not fit into memory.
  const count = await countOf(pages(), signal);
  if (replaced > 0) {
    log.warn(
      `${replaced} characters are shown as ${replacement}: the standard fonts of PDF do not have them`,
    );
  }
  let number = 0;
  for (const page of pages()) {
    number += 1;
    setFooter(page, { title, number, count, replaced }, pdf.widthOf);
    pdf.draw(page);
    progress(number / (count + 1), `rendered ${number} of ${count} pages`);
    await letOthersRun(signal);
  }
  return pdf.save();
}

/** What fits into the job's memory and time. */
export const maxPages = 4000;

interface Layout {
  /** Begins anew with each call. */
  pages(): Iterable<Page>;
  /** Characters that the fonts do not have. */
  readonly replaced: number;
}

function layOut({ text, contentType }: Source, title: string, widthOf: WidthOf): Layout {
  if (contentType !== 'text/csv') {
    const shown = toWinAnsi(text);
    return { pages: () => textPages(shown.text, title, widthOf), replaced: shown.replaced };
  }
  let replaced = 0;
  const rows: string[][] = [];
  for (const record of parseCsv(text, maxColumns)) {
    const cells = record.map(toWinAnsi);
    for (const cell of cells) replaced += cell.replaced;
    if (rows.push(cells.map((cell) => cell.text)) > maxPages * maxRowsOfPage) throw tooLong();
  }
  if (rows.length === 0) throw new NonRetryableError('there is no row in it: choose a file that has some');
  return { pages: () => tablePages(rows, title, widthOf), replaced };
}

/** More rows than this fit on no page. */
const maxRowsOfPage = 50;

async function countOf(pages: Iterable<Page>, signal: AbortSignal): Promise<number> {
  let count = 0;
  for (const _page of pages) {
    count += 1;
    if (count > maxPages) throw tooLong();
    await letOthersRun(signal);
  }
  return count;
}

function tooLong(): NonRetryableError {
  const most = maxPages.toLocaleString('en');
  return new NonRetryableError(`the PDF would have more than ${most} pages: split the file`);
}

/** The signal, the progress and a worker's heartbeats need the event loop. */
async function letOthersRun(signal: AbortSignal): Promise<void> {
  await eventLoopTurn();
  signal.throwIfAborted();
}

interface Footer {
  readonly title: string;
  readonly number: number;
  readonly count: number;
  readonly replaced: number;
}

function setFooter(page: Page, { title, number, count, replaced }: Footer, widthOf: WidthOf): void {
  const pageOf = `Page ${number} of ${count}`;
  const pageOfX = page.width - margin - widthOf(pageOf, 'footer');
  page.lines.push({ text: pageOf, x: pageOfX, y: footerY, style: 'footer' });
  const text = cut(title, pageOfX - margin - 20, widthOf);
  page.lines.push({ text, x: margin, y: footerY, style: 'footer' });
  if (replaced === 0 || number < count) return;
  const [what, them] = replaced === 1 ? ['1 character is', 'it'] : [`${replaced} characters are`, 'them'];
  const note = `${what} shown as ${replacement}: the fonts of this PDF do not have ${them}.`;
  page.lines.push({ text: note, x: margin, y: footerY - styles.footer.lineHeight, style: 'footer' });
}

function cut(text: string, maxWidth: number, widthOf: WidthOf): string {
  if (widthOf(text, 'footer') <= maxWidth) return text;
  let end = text.length;
  while (end > 0 && widthOf(`${text.slice(0, end)}…`, 'footer') > maxWidth) end -= 1;
  return `${text.slice(0, end).trimEnd()}…`;
}
