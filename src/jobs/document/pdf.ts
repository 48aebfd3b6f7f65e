import {
  beginText,
  endText,
  fill,
  PDFDocument,
  type PDFFont,
  PDFName,
  type PDFOperator,
  rectangle,
  StandardFonts,
  setFillingRgbColor,
  setFontAndSize,
  setTextMatrix,
  showText,
} from 'pdf-lib';
import { type Box, type Font, type Line, type Page, type Style, styles, type WidthOf } from './page.ts';

/** A PDF in the making. Its texts must be in Windows-1252, which is what PDF's standard fonts have. */
export interface Pdf {
  readonly widthOf: WidthOf;
  draw(page: Page): void;
  save(): Promise<Uint8Array>;
}

export async function newPdf(title: string): Promise<Pdf> {
  const document = await PDFDocument.create();
  document.setTitle(title, { showInWindowTitleBar: true });
  const fonts: Fonts = {
    sans: await document.embedFont(StandardFonts.Helvetica),
    bold: await document.embedFont(StandardFonts.HelveticaBold),
    mono: await document.embedFont(StandardFonts.Courier),
  };
  return {
    widthOf: widths(fonts),
    draw({ width, height, boxes, lines }) {
      const { node } = document.addPage([width, height]);
      for (const [name, { ref }] of Object.entries(fonts)) node.setFontDictionary(PDFName.of(name), ref);
      const operators = [...boxes.flatMap(boxOperators), ...textOperators(lines, fonts)];
      // Written and compressed at once: thousands of pages of operators would not fit into memory.
      const stream = document.context.flateStream(operators.join('\n'));
      node.set(PDFName.Contents, document.context.register(stream));
    },
    save: () => document.save(),
  };
}

type Fonts = Readonly<Record<Font, PDFFont>>;

/** By character, without the kerning that a viewer does not apply either. */
function widths(fonts: Fonts): WidthOf {
  const known: Record<Font, Map<string, number>> = { sans: new Map(), bold: new Map(), mono: new Map() };
  return (text, style) => {
    const { font, size } = styles[style];
    let sum = 0;
    for (const character of text) {
      let width = known[font].get(character);
      if (width === undefined) {
        width = fonts[font].widthOfTextAtSize(character, 1);
        known[font].set(character, width);
      }
      sum += width;
    }
    return sum * size;
  };
}

function boxOperators({ x, y, width, height, fill: shade }: Box): PDFOperator[] {
  const color =
    shade === 'stripe' ? setFillingRgbColor(0.95, 0.96, 0.98) : setFillingRgbColor(0.45, 0.5, 0.6);
  return [color, rectangle(x, y, width, height), fill()];
}

function textOperators(lines: readonly Line[], fonts: Fonts): PDFOperator[] {
  const operators = [beginText()];
  let current: Style | undefined;
  for (const { text, x, y, style } of lines) {
    const { font, size } = styles[style];
    if (style !== current) {
      const gray = style === 'footer' ? 0.4 : 0.1;
      operators.push(setFillingRgbColor(gray, gray, gray), setFontAndSize(font, size));
    }
    current = style;
    operators.push(setTextMatrix(1, 0, 0, 1, x, y), showText(fonts[font].encodeText(text)));
  }
  return [...operators, endText()];
}
