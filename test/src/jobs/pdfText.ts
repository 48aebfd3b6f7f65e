import { inflateSync } from 'node:zlib';
import { PDFArray, PDFDocument, PDFName, type PDFRawStream } from 'pdf-lib';

/** What a PDF of ours says: the lines of each page, top to bottom as they were drawn. Reads it by its objects. */
export async function pdfText(bytes: Uint8Array): Promise<{ title: string | undefined; pages: string[][] }> {
  const document = await PDFDocument.load(bytes);
  const pages = document.getPages().map(({ node }) => {
    const contents = node.lookup(PDFName.of('Contents'));
    const refs = contents instanceof PDFArray ? contents.asArray() : [contents];
    const streams = refs.map((ref) => document.context.lookup(ref) as PDFRawStream);
    const operators = streams.map(({ contents }) => inflateSync(contents).toString('latin1')).join('\n');
    return Array.from(operators.matchAll(/<([\dA-F]+)> Tj/g), ([, hex = '']) =>
      new TextDecoder('windows-1252').decode(Buffer.from(hex, 'hex')),
    );
  });
  return { title: document.getTitle(), pages };
}
