import * as z from 'zod/mini';
import { readUpload, saveFile } from '../files/index.ts';
import { defineJob } from '../job/index.ts';
import { decode } from './document/decode.ts';

const uploads = { contentTypes: ['text/plain', 'text/csv'], maxBytes: 10 * 1024 * 1024 };

/** Makes a PDF of an uploaded text or CSV file: upload, convert, download. */
export default defineJob({
  payload: z.strictObject({
    /** The upload's key, which POST /jobs/DocumentJob/uploads answers. */
    upload: z.string().check(z.minLength(1), z.maxLength(1024)),
    /** The document's title. Default the file's name. */
    title: z.optional(z.string().check(z.trim(), z.minLength(1), z.maxLength(200))),
  }),
  uploads,
  track: true,
  timeout: '2m',
  memory: 512,
  maxAttempts: 3,

  async run({ upload, title }, context) {
    const { name, contentType, body } = await readUpload(context, upload, uploads);
    const text = decode(body, name);
    // Loaded only here, because it would double the function's cold start.
    const { renderPdf } = await import('./document/pdf.ts');
    const pdf = await renderPdf({ text, contentType, title: title ?? name }, context);
    return saveFile(context, { name: `${name}.pdf`, contentType: 'application/pdf', body: pdf });
  },
});
