import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { PDFDocument, type PDFFont, StandardFonts } from 'pdf-lib';
import { type JobContext, NonRetryableError } from '../../job/index.ts';
import { tableLayout, textLayout } from './layout.ts';

/** The text to make a PDF of. */
export interface Source {
  readonly text: string;
  readonly contentType: string;
  readonly title: string;
}

/**
 * The sides and the margin of an A4 page, in PDF's points (1/72 inch). It is
 * upright for a text, and on its side for a table.
 */
const [short, long, margin] = [595, 842, 50];

/** The font. A character of Courier is 0.6 times its size wide. */
const font = { size: 9, width: 9 * 0.6, lineHeight: 12 };

/** The most pages that fit into the job's memory and time. */
const maxPages = 4000;

/**
 * Makes a PDF of a text or a CSV table. After each page it reports its progress, and stops if the signal is aborted.
 * @throws {NonRetryableError} when the table cannot be laid out, or the PDF would have more than `maxPages` pages
 */
export async function renderPdf(
  { text, contentType, title }: Source,
  { log, progress, signal }: Pick<JobContext, 'log' | 'progress' | 'signal'>,
): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.setTitle(title, { showInWindowTitleBar: true });
  const mono = await document.embedFont(StandardFonts.Courier);
  const bold = await document.embedFont(StandardFonts.CourierBold);
  const fit = fitter(mono);
  const isTable = contentType === 'text/csv';
  const [width, height] = isTable ? [long, short] : [short, long];
  const layOut = isTable ? tableLayout : textLayout;
  // The fewest lines that there will be, checked before laying them out takes time.
  const least = text
    .trimEnd()
    .split('\n')
    .filter((line) => !isTable || line.trim() !== '').length;
  if (least > maxPages * Math.floor((height - 2 * margin) / font.lineHeight)) throw tooLong();
  const { head, lines } = layOut(fit.text(text), Math.floor((width - 2 * margin) / font.width));
  const heading = fit.text(title).replace(/\s+/g, ' ').slice(0, 60);
  if (fit.replaced() > 0) log.warn(`${fit.replaced()} characters are shown as ?: the PDF's font lacks them`);

  const linesOfPage = Math.floor((height - 2 * margin) / font.lineHeight) - 2 - head.length;
  const count = Math.max(1, Math.ceil(lines.length / linesOfPage));
  if (count > maxPages) throw tooLong();
  for (let number = 1; number <= count; number += 1) {
    const page = document.addPage([width, height]);
    const y = height - margin;
    const options = { x: margin, size: font.size, lineHeight: font.lineHeight };
    const body = lines.slice((number - 1) * linesOfPage, number * linesOfPage);
    page.drawText([`${heading} - page ${number} of ${count}`, '', ...head].join('\n'), {
      ...options,
      y,
      font: bold,
    });
    page.drawText(body.join('\n'), { ...options, y: y - (head.length + 2) * font.lineHeight, font: mono });
    progress(number / (count + 1), `rendered ${number} of ${count} pages`);
    await eventLoopTurn(); // lets the signal, the progress and a worker's heartbeats take their turn
    signal.throwIfAborted();
  }
  return document.save();
}

function tooLong(): NonRetryableError {
  const most = maxPages.toLocaleString('en');
  return new NonRetryableError(`the PDF would have more than ${most} pages: split the file`);
}

/** Replaces characters that the font lacks. PDF's standard fonts have Latin letters: `ő` becomes `o`, and others `?`. */
function fitter(font: PDFFont) {
  const known = new Set(font.getCharacterSet());
  const has = (text: string) => [...text].every((character) => known.has(character.codePointAt(0) ?? 0));
  let replaced = 0;
  const plain = (character: string): string => {
    if (has(character)) return character;
    const form = character.normalize('NFKD').replace(/[\p{M}\p{C}]/gu, '');
    if (has(form)) return form; // an invisible character is dropped
    replaced += 1;
    return '?';
  };
  return {
    text: (given: string): string => given.normalize('NFC').replace(/[^\n\t\x20-\x7E]/gu, plain),
    replaced: (): number => replaced,
  };
}
