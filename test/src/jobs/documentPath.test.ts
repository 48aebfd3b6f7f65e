import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type Platform, startPlatform } from '../../../local/platform/platform.ts';
import { synthesize } from '../../../local/platform/synth.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { chromiumArguments, chromiumPath } from '../../pages/chromium.ts';
import { pdfText } from './pdfText.ts';

// Where Chromium is not installed, the report lists these tests as skipped.
const inBrowser = existsSync(chromiumPath) ? describe : describe.skip;

const projectDirectory = fileURLToPath(new URL('../../..', import.meta.url));
/** For whatever is awaited, so that a slow machine breaks nothing; a test may await several such things. */
const patienceMs = 60_000;
jest.setTimeout(5 * patienceMs);

/** Takes long enough to be seen on its way. */
const largeFile = peopleFile(25_000);

let root: string;
let platform: Platform;
let browser: Browser;
let page: Page;
let pagesUrl: string;
let complaints: string[];

inBrowser(
  'from an upload to its PDF, in Chromium, on the local platform with this repository’s own stack',
  () => {
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'documents-'));
      const { assemblyDirectory } = await synthesize({ projectDirectory, stateDirectory: root });
      platform = await startPlatform({ assemblyDirectory, stateDirectory: join(root, '.local'), port: 0 });
      pagesUrl = `${(await platform.snapshot()).apiUrl}/pages`;
      browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments });
      page = await browser.newPage({ reducedMotion: 'reduce' });
      page.setDefaultTimeout(patienceMs);
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
    });
    afterAll(async () => {
      await browser?.close();
      await platform?.stop({ drainMs: 0 });
      await rm(root, { recursive: true, force: true });
    });
    beforeEach(() => {
      complaints = [];
    });
    afterEach(async () => {
      expect(complaints).toEqual([]);
    });

    test('upload, see the progress, leave, come back, download: a PDF with all of the file’s text', async () => {
      await upload(largeFile);
      await page.getByText(/^rendered \d+ of \d+ pages$/).waitFor();
      const before = await progress();
      expect(before).toBeGreaterThan(0);
      expect(before).toBeLessThan(1);

      const address = page.url();
      await page.goto('about:blank');
      await page.goto(address);
      await page.getByRole('heading', { name: 'People & places.csv' }).waitFor();
      await until(async () => (await progress()) > before, patienceMs);

      const button = page.getByRole('button', { name: 'Download People & places.csv.pdf' });
      await button.waitFor();
      const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
      expect(download.suggestedFilename()).toBe('People & places.csv.pdf');
      const { title, pages } = await pdfText(await readFile(await download.path()));
      expect(title).toBe('People & places.csv');
      expect(pages.length).toBeGreaterThan(100);
      const cells = new Set(pages.flat().flatMap((line) => line.split(/ {2,}/)));
      expect(largeFile.rows.filter((_, index) => !cells.has(`Grace Hopper ${index}`))).toEqual([]);
      expect(cells.has('1,5 €')).toBe(true);
      expect(await page.locator('#history .pill').allTextContents()).toEqual([
        'Done',
        'Running, attempt 1',
        'Waiting',
      ]);
    });

    test('cancel one that runs: it stops, and there is nothing to download', async () => {
      await upload(peopleFile(90_000)); // never done in the time that it takes to cancel
      await page.getByRole('status').getByText('Running').waitFor();
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('status').getByText('Cancelled').waitFor();
      expect(await page.getByRole('button', { name: /^Download/ }).count()).toBe(0);
      await page.reload();
      await page.getByRole('status').getByText('Cancelled').waitFor();
    });

    test('a file that cannot become a PDF: the page says why and what to do, after one attempt', async () => {
      await upload({ name: 'blank.txt', mimeType: 'text/plain', buffer: Buffer.from(' \r\n') });
      await page.getByRole('status').getByText('Failed').waitFor();
      await page.getByText('blank.txt is empty: choose a file that has text').first().waitFor();
      await page.getByText('It would fail again').waitFor();
      expect(await page.locator('#history .pill').allTextContents()).toEqual([
        'Failed',
        'Running, attempt 1',
        'Waiting',
      ]);
      await page.getByRole('link', { name: 'Upload another file' }).click();
      await page.getByRole('link', { name: 'blank.txt' }).waitFor();
    });
  },
);

function peopleFile(count: number) {
  const rows = Array.from(
    { length: count },
    (_, index) => `${index},Grace Hopper ${index},Arlington,"1,5 €"`,
  );
  const buffer = Buffer.from(`id,name,city,price\n${rows.join('\n')}\n`);
  return { name: 'People & places.csv', mimeType: 'text/csv', buffer, rows };
}

async function upload({
  name,
  mimeType,
  buffer,
}: Omit<ReturnType<typeof peopleFile>, 'rows'>): Promise<void> {
  await page.goto(`${pagesUrl}/upload`);
  await page.getByText('.txt, .log, or .csv, up to 10 MB').waitFor();
  await page.setInputFiles('#file', { name, mimeType, buffer });
  await page.getByRole('button', { name: 'Upload and start' }).click();
  await page.waitForURL(/\/pages\/job\?id=/);
}

async function progress(): Promise<number> {
  return Number(await page.getByRole('progressbar').getAttribute('value'));
}
