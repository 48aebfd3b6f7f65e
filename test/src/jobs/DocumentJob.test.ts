import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { jobProblems } from '../../../src/job/check/problems.ts';
import { NonRetryableError } from '../../../src/job/index.ts';
import { validPayload } from '../../../src/job/validPayload.ts';
import DocumentJob from '../../../src/jobs/DocumentJob.ts';
import { startTestBucket, type TestBucket, testContext } from '../files/testBucket.ts';
import { pdfText } from './pdfText.ts';

let bucket: TestBucket;
beforeAll(async () => {
  bucket = await startTestBucket();
});
afterAll(() => bucket.close());

const folder = 'uploads/DocumentJob/01890a5d-ac96-774b-bcce-b302099a8057';

async function convert(
  name: string,
  content: string | Uint8Array,
  {
    contentType = name.endsWith('csv') ? 'text/csv' : 'text/plain',
    title = undefined as string | undefined,
  } = {},
  context = testContext(),
) {
  const upload = `${folder}/${name}`;
  await bucket.put(upload, content, contentType);
  const { file } = await DocumentJob.run({ upload, ...(title === undefined ? {} : { title }) }, context);
  const { body, contentType: type } = await bucket.get(file.key);
  return { file, type, context, ...(await pdfText(body)) };
}

describe('a text file', () => {
  test('becomes a PDF with its lines, its name and the page’s number', async () => {
    const { file, type, title, pages } = await convert('Grüße.txt', 'Dear friend,\r\n\tall is well: 5 €\r\n');
    expect(file).toMatchObject({ key: 'results/DocumentJob/job-1/Grüße.txt.pdf', name: 'Grüße.txt.pdf' });
    expect([type, title]).toEqual(['application/pdf', 'Grüße.txt']);
    expect(pages).toEqual([['Grüße.txt - page 1 of 1', 'Dear friend,', '    all is well: 5 €']]);
  });

  test('has the title that was asked for', async () => {
    const { title, pages } = await convert('a.txt', 'text', { title: 'Yearly report 日' });
    expect(title).toBe('Yearly report 日');
    expect(pages[0]?.[0]).toBe('Yearly report ? - page 1 of 1');
  });

  test('tells in the log what the fonts do not have; accents become plain letters, invisible characters go', async () => {
    const { pages, context } = await convert('a.txt', 'so good 👍, 日本\u0007 ő café');
    expect(pages[0]).toContain('so good ?, ?? o café');
    expect(context.warnings).toHaveLength(1);
  });

  test('says how far it is after each page', async () => {
    const { pages, context } = await convert('a.txt', 'line\n'.repeat(500));
    const count = pages.length;
    expect(count).toBeGreaterThan(5);
    expect(context.said.map(({ text }) => text)).toEqual(
      pages.map((_, index) => `rendered ${index + 1} of ${count} pages`),
    );
    const fractions = context.said.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((one, other) => one - other));
    expect(fractions.at(-1)).toBeLessThan(1);
  });

  test('stops between pages when the job is cancelled, and saves nothing', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled');
    const context = testContext({ jobId: 'cancelled', signal: stop.signal });
    const progress = (fraction: number) => {
      context.progress(fraction);
      if (context.said.length === 3) stop.abort(reason);
    };
    await expect(convert('a.txt', 'line\n'.repeat(500), {}, { ...context, progress })).rejects.toBe(reason);
    expect(context.said).toHaveLength(3);
    expect(bucket.requests.filter((request) => request.includes('results/DocumentJob/cancelled'))).toEqual(
      [],
    );
  });
});

describe('a CSV file', () => {
  test('becomes a table, whatever its quotes', async () => {
    const { pages } = await convert(
      'list.csv',
      '\uFEFFid,name\r\n1,"Hopper, ""Amazing"" Grace"\r\n2,"two\r\nlines"\r\n',
    );
    expect(pages[0]?.slice(1).map((line) => line.trim())).toEqual([
      'id    name',
      '----  -----------------------',
      '1     Hopper, "Amazing" Grace',
      '2     two',
      'lines',
    ]);
  });

  test('of an older spreadsheet is read as Windows-1252', async () => {
    const { pages } = await convert('list.csv', Buffer.from('Straße;Größe\nA;1,5\n', 'latin1'));
    expect(pages[0]?.[1]).toBe('Straße  Größe');
  });

  test('of many rows has its header on every page', async () => {
    const { pages } = await convert('list.csv', `id,name\n${'7,Grace\n'.repeat(200)}`);
    expect(pages.length).toBeGreaterThan(3);
    for (const lines of pages) expect(lines[1]).toBe('id    name ');
    expect(pages.flat().filter((line) => line.includes('Grace'))).toHaveLength(200);
  });
});

describe('what can never become a PDF is not tried again', () => {
  test.each([
    ['an empty file', 'empty.txt', '', 'empty.txt is empty'],
    ['a picture', 'a.txt', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0]), 'a.txt is not a text'],
    ['a table of quotes that never end', 'a.csv', 'a,"b\n', 'row 1 of the table cannot be read'],
    ['a table without rows', 'a.csv', '""\n', 'the table has no row'],
    ['a table of too many columns', 'a.csv', 'a,'.repeat(100), 'the table has 101 columns'],
    [
      'a text of too many pages',
      'a.txt',
      `a${'\n'.repeat(300_000)}b`,
      'more than 4,000 pages: split the file',
    ],
    ['a table of too many rows', 'a.csv', 'a,b\n'.repeat(250_000), 'more than 4,000 pages'],
    ['a cell of too many lines', 'a.csv', `a\n"${'x\n'.repeat(400_000)}"`, 'more than 4,000 pages'],
  ])('%s', async (_what, name, content, message) => {
    const converting = convert(name, content);
    await expect(converting).rejects.toThrow(NonRetryableError);
    await expect(converting).rejects.toThrow(message);
  });
});

describe('the job', () => {
  test('takes an upload and perhaps a title, and nothing else', async () => {
    const check = (payload: unknown) =>
      validPayload(DocumentJob.payload ?? z.never(), payload, 'DocumentJob');
    expect(await check({ upload: 'uploads/a' })).toEqual({ upload: 'uploads/a' });
    expect(await check({ upload: 'uploads/a', title: ' A title ' })).toEqual({
      upload: 'uploads/a',
      title: 'A title',
    });
    await expect(check({ title: 'no upload' })).rejects.toThrow('upload: Invalid input');
    await expect(check({ upload: 'a', more: 1 })).rejects.toThrow('does not fit DocumentJob');
    await expect(check({ upload: 'a', title: ' ' })).rejects.toThrow('title');
  });

  test('can be deployed', () => {
    expect(jobProblems(DocumentJob)).toEqual([]);
  });
});
