import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ownPagesFolder } from '../../src/api/pages.ts';
import type { JobStatus } from '../../src/job/jobStatus.ts';
import { until } from '../local/aws/lambda/processes.ts';
import { tokenOf } from '../src/api/apiFixture.ts';
import { chromiumArguments, chromiumPath } from './chromium.ts';
import { type ServedPages, servePages } from './servedPages.ts';

// Where Chromium is not installed, the report lists these tests as skipped.
const inBrowser = existsSync(chromiumPath) ? describe : describe.skip;

const hostile = '<img src=x onerror="window.hacked = 1"> & “x”';
/** For whatever is awaited, so that a slow machine breaks nothing; a test may await several such things. */
const patienceMs = 60_000;
jest.setTimeout(3 * patienceMs);

const csv = { name: 'People.csv', mimeType: 'text/csv', buffer: Buffer.from('id,name\n1,Grace\n') };

let served: ServedPages;
let browser: Browser;
let page: Page;
let complaints: string[];

inBrowser('in Chromium', () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments });
    page = await browser.newPage({ reducedMotion: 'reduce' });
    page.setDefaultTimeout(patienceMs);
    // Between two attempts the pages wait for a second and more. How long they stand silence stays as it is.
    await page.addInitScript(`{
      const real = setTimeout;
      window.setTimeout = (run, ms) => real(run, ms > 15_000 ? ms : ms / 10);
    }`);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  }, patienceMs);
  afterAll(() => browser?.close());
  // One page for all: each test has an origin of its own, whose storage is empty.
  beforeEach(async () => {
    complaints = [];
    served = await servePages();
  });
  afterEach(async () => {
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    await forgetAll();
    await page.goto('about:blank');
    await served.close();
    // Whatever the page's policy refuses is a complaint too.
    expect(complaints).toEqual([]);
  });

  describe('the upload page', () => {
    test('uploads the file to S3, starts the job with it, and goes on to its progress', async () => {
      await open('upload');
      await page.getByText('.txt, .log, or .csv, up to 10 MB').waitFor();
      await page.setInputFiles('#file', csv);
      await page.getByText('People.csv 16 bytes').waitFor();
      await page.getByRole('button', { name: 'Upload and start' }).click();
      await page.waitForURL(/\/pages\/job\?id=/);
      await page.getByRole('heading', { name: 'People.csv' }).waitFor();

      const [published] = served.api.published;
      const { upload } = Object(published?.payload) as { upload: string };
      expect(published).toMatchObject({
        jobName: 'DocumentJob',
        payload: { upload: expect.stringMatching(/\/People\.csv$/) },
      });
      expect(served.uploads).toEqual([
        {
          fields: { key: upload, 'Content-Type': 'text/csv', Policy: 'signed' },
          name: 'People.csv',
          content: 'id,name\n1,Grace\n',
        },
      ]);
    });

    test('offers the jobs that take uploads, and takes one from its address', async () => {
      await open('upload?job=PictureJob');
      await page.getByText('.png, up to 1,000 bytes').waitFor();
      expect(await page.getByLabel('Job', { exact: true }).locator('option').allTextContents()).toEqual([
        'DocumentJob',
        'PictureJob',
      ]);
      await page.getByLabel('Job', { exact: true }).selectOption('DocumentJob');
      await page.getByText('up to 10 MB').waitFor();
      expect(await page.getAttribute('#file', 'accept')).toBe('text/plain,text/csv,.csv,.txt,.log');
    });

    test('says when the address names no such job', async () => {
      await open(`upload?job=${encodeURIComponent(hostile)}`);
      await page
        .getByRole('alert')
        .getByText(`There is no job ${hostile} that takes an upload alone`)
        .waitFor();
      expect(await page.getByLabel('Job', { exact: true }).inputValue()).toBe('DocumentJob');
    });

    test('refuses a file of another type, an empty one, a name that is markup, one too large: nothing is sent', async () => {
      await open('upload?job=PictureJob');
      const png = { name: 'cat.png', mimeType: 'image/png' };
      for (const [file, message] of [
        [{ ...png, name: 'film.mp4', mimeType: 'video/mp4', buffer: csv.buffer }, 'choose a .png file'],
        [{ ...png, buffer: Buffer.alloc(0) }, 'cat.png is empty'],
        [{ ...png, name: `${hostile}.exe`, mimeType: '', buffer: csv.buffer }, 'cannot be used'],
        [{ ...png, buffer: Buffer.alloc(1001) }, 'and 1,000 bytes are allowed'],
      ] as const) {
        await page.setInputFiles('#file', file);
        await page.getByRole('alert').getByText(message).waitFor();
        expect(await page.getByRole('button', { name: 'Upload and start' }).isDisabled()).toBe(true);
      }
      expect(served.requests.filter(({ line }) => line.startsWith('POST'))).toEqual([]);
    });

    test('knows a CSV file that the system takes for a spreadsheet’s, and any other text', async () => {
      for (const [name, mimeType, type] of [
        ['old.csv', 'application/vnd.ms-excel', 'text/csv'],
        ['server.log', '', 'text/plain'],
        ['readme.md', 'text/markdown', 'text/plain'],
      ] as const) {
        await open('upload');
        await page.setInputFiles('#file', { ...csv, name, mimeType });
        await page.getByRole('button', { name: 'Upload and start' }).click();
        await page.waitForURL(/\/pages\/job\?id=/);
        expect(served.uploads.at(-1)?.fields['Content-Type']).toBe(type);
      }
    });

    test('takes a file that is dropped, and stays when one is dropped beside', async () => {
      await open('upload');
      await page.getByText('up to 10 MB').waitFor();
      expect(await drop('body')).toBe(true);
      expect(await drop('#drop')).toBe(true);
      await page.getByText('dropped.txt 4 bytes').waitFor();
      await page.getByRole('button', { name: 'Upload and start' }).click();
      await page.waitForURL(/\/pages\/job\?id=/);
      expect(served.uploads[0]?.content).toBe('text');
    });

    test('is used by keyboard alone', async () => {
      // Chromium is told to hand its dialog over before there is one.
      const choosing = page.waitForEvent('filechooser');
      await open('upload');
      await page.getByText('up to 10 MB').waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.id')).toBe('job');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.id')).toBe('file');
      await page.keyboard.press('Enter');
      const chooser = await choosing;
      await chooser.setFiles(csv);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/pages\/job\?id=/);
    });

    test('shows the upload’s progress, and stops it', async () => {
      let isHeld = false;
      let isGone = false;
      served.s3Fault = (request) => {
        isHeld = true;
        request.resume().on('close', () => {
          isGone = true;
        });
      };
      await open('upload');
      await page.setInputFiles('#file', csv);
      await page.getByRole('button', { name: 'Upload and start' }).click();
      await until(() => isHeld, patienceMs);
      await page.getByRole('progressbar', { name: 'Uploading' }).waitFor();
      await page.getByRole('button', { name: 'Stop the upload' }).press('Enter');
      await until(() => isGone, patienceMs);
      await page.getByRole('button', { name: 'Upload and start' }).waitFor();
      expect(await page.getByRole('alert').isVisible()).toBe(false);
      expect(served.api.published).toEqual([]);
    });

    test('says why S3 did not take the file, and tries again', async () => {
      served.s3Fault = (request, answer) => {
        request.resume();
        answer
          .writeHead(403)
          .end('<Error><Code>AccessDenied</Code><Message>Policy expired.</Message></Error>');
      };
      await open('upload');
      await page.setInputFiles('#file', csv);
      await page.getByRole('button', { name: 'Upload and start' }).click();
      await page.getByRole('alert').getByText('The upload took too long to begin: try again.').waitFor();
      served.s3Fault = undefined;
      await page.getByRole('button', { name: 'Upload and start' }).click();
      await page.waitForURL(/\/pages\/job\?id=/);
      complaints = withoutStatus(complaints, 403);
    });

    test('does not upload again when only the job could not be started', async () => {
      const keys: unknown[] = [];
      served.fault = ({ method, url, headers }, answer) => {
        if (method !== 'POST' || url !== '/jobs/DocumentJob') return false;
        keys.push(headers['idempotency-key']);
        if (keys.length > 1) return false;
        answer.writeHead(503, { 'content-type': 'application/problem+json' }).end('{"detail":"Try again."}');
        return true;
      };
      await open('upload');
      await page.setInputFiles('#file', csv);
      await page.getByRole('button', { name: 'Upload and start' }).click();
      await page.getByRole('alert').getByText('Try again.').waitFor();
      await page.getByRole('button', { name: 'Upload and start' }).click();
      await page.waitForURL(/\/pages\/job\?id=/);
      expect(served.uploads).toHaveLength(1);
      expect(keys[0]).toMatch(/^[\da-f-]{36}$/);
      expect(keys[1]).toBe(keys[0]);
      complaints = withoutStatus(complaints, 503);
    });

    test('remembers this browser’s jobs, and what became of them', async () => {
      const id = await newJob({ state: 'succeeded', result: 3 });
      await open(`job?id=${id}`);
      await page.getByRole('status').getByText('Done').waitFor();
      await open('upload');
      const recent = page.getByRole('region', { name: 'Recent jobs of this browser' });
      await recent.getByText('Done').waitFor();
      await recent.getByRole('link', { name: 'DocumentJob' }).click();
      await page.getByRole('status').getByText('Done').waitFor();
    });

    test('sends the token it finds to the API, and to nobody else', async () => {
      await signIn();
      let sentToS3: unknown;
      served.s3Fault = (request, answer) => {
        sentToS3 = request.headers;
        request.resume();
        answer.writeHead(204).end();
      };
      await open('upload');
      await page.setInputFiles('#file', csv);
      await page.getByRole('button', { name: 'Upload and start' }).click();
      await page.waitForURL(/\/pages\/job\?id=/);
      await page.getByRole('status').getByText('Waiting').waitFor();
      const asked = served.requests.filter(({ line }) => / \/(jobs|openapi)/.test(line));
      expect(asked.map(({ line }) => line.replace(/[\da-f-]{36}/, '…'))).toEqual([
        'GET /openapi.json',
        'POST /jobs/DocumentJob/uploads',
        'POST /jobs/DocumentJob',
        'GET /jobs/…/events',
      ]);
      expect(new Set(asked.map(({ token }) => token))).toEqual(new Set(['Bearer secret']));
      expect(JSON.stringify(sentToS3)).not.toContain('secret');
    });

    test('says in words that nobody is signed in, or the server is away', async () => {
      served.fault = ({ url }, answer) => {
        if (url !== '/openapi.json') return false;
        answer.writeHead(401).end();
        return true;
      };
      await open('upload');
      await page.getByRole('alert').getByText('You are not signed in').waitFor();
      served.fault = ({ url }, answer) => {
        if (url === '/openapi.json') answer.destroy();
        return url === '/openapi.json';
      };
      await open('upload');
      await page.getByRole('alert').getByText('The server cannot be reached.').waitFor();
      complaints = complaints.filter((text) => !/401|ERR_EMPTY_RESPONSE/.test(text));
    });
  });

  describe('the job page', () => {
    test('shows the progress as it comes, the history, and the download at the end', async () => {
      const id = await newJob();
      await open(`job?id=${id}`);
      await page.getByRole('status').getByText('Waiting').waitFor();
      expect(await progress()).toBeNull();

      served.api.store.change(id, { state: 'running', attempt: 1, startedAt: now() });
      await page.getByRole('status').getByText('Running').waitFor();
      served.api.store.change(id, { progress: { fraction: 0.4, text: 'rendered 4 of 10 pages', at: now() } });
      await page.getByText('rendered 4 of 10 pages').waitFor();
      await page.getByText('40 %').waitFor();
      expect(await progress()).toBe('0.4');
      expect(await page.getByRole('progressbar').getAttribute('aria-valuetext')).toBe(
        '40 % rendered 4 of 10 pages',
      );
      expect(await page.title()).toBe('40 % – Job');

      served.api.store.change(id, { state: 'succeeded', endedAt: now(), result: fileResult(id) });
      await page.getByRole('status').getByText('Done').waitFor();
      expect(await progress()).toBe('1');
      expect(await history()).toEqual(['Done', 'Running', 'Waiting']);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download Liste ü.pdf' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('Liste ü.pdf');
      expect(await download.failure()).toBeNull();
      await until(() => streams() === 1, patienceMs); // one was enough
    });

    test('can be left and reloaded: all of it comes from its address', async () => {
      const id = await newJob({ state: 'running', attempt: 2, progress: { fraction: 0.5, at: now() } });
      await open(`job?id=${id}`);
      await page.getByText('50 %').waitFor();
      await page.reload();
      await page.getByText('50 %').waitFor();
      await forgetAll(); // as another browser
      await page.goto('about:blank');
      served.api.store.change(id, { state: 'succeeded', endedAt: now(), result: { total: 3 } });
      await open(`job?id=${id}`);
      await page.getByRole('status').getByText('Done').waitFor();
      expect(await history()).toEqual(['Done', 'Running', 'Waiting']);
    });

    test('cancels a job that waits', async () => {
      const id = await newJob();
      await open(`job?id=${id}`);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('status').getByText('Cancelled').waitFor();
      expect((await served.api.store.get(id))?.state).toBe('cancelled');
      expect(await page.getByRole('progressbar').count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(0);
    });

    test('asks one that runs to stop, and keeps the focus on the page when the button goes', async () => {
      const id = await newJob({ state: 'running', attempt: 1 });
      await open(`job?id=${id}`);
      await page.getByRole('button', { name: 'Cancel' }).press('Enter');
      await page.getByRole('status').getByText('Stopping…').waitFor();
      expect(await page.evaluate('document.activeElement.id')).toBe('title');
      served.api.store.change(id, { state: 'cancelled', endedAt: now() });
      await page.getByRole('status').getByText('Cancelled').waitFor();
    });

    test('says why a job failed for good, and what can be done', async () => {
      const reason = {
        name: 'NonRetryableError',
        message: `${hostile} is empty: choose a file that has text`,
      };
      const id = await newJob({ state: 'dead', attempt: 1, reason, endedAt: now() });
      await open(`job?id=${id}`);
      await page.getByRole('status').getByText('Failed').waitFor();
      await page.getByText(`${hostile} is empty`).waitFor();
      await page.getByText('It would fail again').waitFor();
      await page.getByRole('link', { name: 'Upload another file' }).click();
      await page.waitForURL(/\/pages\/upload\?job=DocumentJob$/);
    });

    test('says how often one was tried that failed for another reason', async () => {
      const reason = { name: 'TimeoutError', message: 'no answer' };
      const id = await newJob({ state: 'dead', attempt: 3, reason, endedAt: now() });
      await open(`job?id=${id}`);
      await page.getByText('It was tried 3 times.').waitFor();
    });

    test('says why a job is tried again, and when', async () => {
      const reason = { name: 'TimeoutError', message: 'no answer' };
      const nextAttemptAt = new Date(Date.now() + 60_000).toISOString();
      const id = await newJob({ state: 'retrying', attempt: 1, maxAttempts: 3, reason, nextAttemptAt });
      await open(`job?id=${id}`);
      await page.getByRole('status').getByText('Waiting to be tried again').waitFor();
      await page.getByText('no answer').first().waitFor();
      await page.getByText('Attempt 1 of 3 failed.').waitFor();
      await page.getByText(/Next attempt in (1 min 0|\d\d) s/).waitFor();
    });

    test('shows a result that is a value, and says when there is none', async () => {
      await open(`job?id=${await newJob({ state: 'succeeded', result: { names: [hostile] } })}`);
      await page.getByText(JSON.stringify(hostile)).waitFor();
      await open(`job?id=${await newJob({ state: 'succeeded' })}`);
      await page.getByRole('button', { name: 'Get the result' }).click();
      await page.getByRole('alert').getByText('The job returned nothing.').waitFor();
    });

    test('goes on when the connection is lost and comes back', async () => {
      const id = await newJob({ state: 'running', attempt: 1 });
      await open(`job?id=${id}`);
      await page.getByRole('status').getByText('Running').waitFor();
      await until(() => streams() === 1, patienceMs);
      served.fault = (_request, answer) => {
        answer.destroy();
        return true;
      };
      served.dropConnections();
      await page.getByRole('alert').getByText('The connection is lost.').waitFor();
      served.fault = undefined;
      served.api.store.change(id, { state: 'succeeded', endedAt: now(), result: 1 });
      await page.getByRole('status').getByText('Done').waitFor();
      await until(async () => !(await page.getByRole('alert').isVisible()), patienceMs);
      complaints = complaints.filter((text) => !/ERR_|Failed to load/.test(text));
    });

    test('asks again where the host cannot stream, or has no events at all', async () => {
      served.fault = ({ url }, answer) => {
        if (url?.endsWith('/events')) answer.writeHead(500).end();
        return url?.endsWith('/events') ?? false;
      };
      const without = await newJob({ state: 'running', attempt: 1 });
      await open(`job?id=${without}`);
      await page.getByRole('status').getByText('Running').waitFor();
      served.api.store.change(without, { state: 'succeeded', endedAt: now(), result: 1 });
      await page.getByRole('status').getByText('Done').waitFor();
      complaints = withoutStatus(complaints, 500);

      await served.close();
      served = await servePages({ streams: false });
      const id = await newJob({ state: 'running', attempt: 1 });
      await open(`job?id=${id}`);
      await page.getByRole('status').getByText('Running').waitFor();
      served.api.store.change(id, { state: 'succeeded', endedAt: now(), result: 1 });
      await page.getByRole('status').getByText('Done').waitFor();
    });

    test('says when there is no such job, or none is named', async () => {
      await open('job?id=nothing-like-it');
      await page.getByRole('status').getByText('There is no such job').waitFor();
      expect(streams()).toBe(1); // it does not ask again
      await open('job');
      await page.getByRole('status').getByText('This address names no job.').waitFor();
      complaints = withoutStatus(complaints, 404);
    });

    test('downloads with its token where it has one', async () => {
      await signIn();
      const id = await newJob({ state: 'succeeded' });
      served.api.store.change(id, { result: fileResult(id) });
      await open(`job?id=${id}`);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: /^Download/ }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('Liste ü.pdf');
      expect(served.requests.find(({ line }) => line.endsWith('/result'))?.token).toBe('Bearer secret');
    });

    test('does not show a job to somebody else', async () => {
      await served.close();
      served = await servePages({ auth: 'jwt' });
      served.caller = tokenOf('Ada');
      const id = await newJob({ owner: 'Ada' });
      await open(`job?id=${id}`);
      await page.getByRole('status').getByText('Waiting').waitFor();
      served.caller = tokenOf('Eve');
      await page.reload();
      await page.getByRole('status').getByText('There is no such job').waitFor();
      complaints = withoutStatus(complaints, 404);
    });
  });

  describe.each(['upload', 'job'])('the %s page', (name) => {
    test('fits a phone, names every control, and has enough contrast in the light and the dark', async () => {
      const id = await newJob({
        state: 'running',
        attempt: 1,
        progress: { fraction: 0.4, text: 'x'.repeat(200), at: now() },
      });
      await open(`${name}?id=${id}`);
      await page.locator(name === 'upload' ? '#drop' : '#percent').waitFor();
      for (const width of [320, 800, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect([width, overflow]).toEqual([width, 0]);
      }
      const nameless =
        await page.evaluate(`[...document.querySelectorAll('button, input, select, progress, a')]
        .filter((one) => !one.ariaLabel && !one.labels?.length && !one.textContent.trim()).map((one) => one.outerHTML)`);
      expect(nameless).toEqual([]);
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        const colors = (await page.evaluate(`Object.fromEntries(${JSON.stringify(colorNames)}.map((name) =>
          [name, getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()]))`)) as Record<
          string,
          string
        >;
        for (const [ink, paper] of inkOnPaper) {
          const ratio = contrast(colors[ink] ?? '', colors[paper] ?? '');
          expect([colorScheme, ink, paper, ratio >= 4.5]).toEqual([colorScheme, ink, paper, true]);
        }
      }
    });
  });
});

test('the pages are small', () => {
  const folder = fileURLToPath(ownPagesFolder);
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(`${folder}/${name}`).size, 0);
  expect(bytes).toBeLessThan(40_000);
});

/** Empties what the browser keeps for the page's origin. */
async function forgetAll(): Promise<void> {
  await page.evaluate('try { localStorage.clear(); sessionStorage.clear(); } catch {}'); // an error page has none
  await page.context().clearCookies();
}

/** Puts a token where the pages look for one. */
async function signIn(): Promise<void> {
  await open('job');
  await page.evaluate("sessionStorage.setItem('jobsToken', 'secret')");
}

function open(name: string) {
  return page.goto(`${served.url}/pages/${name}`);
}

async function newJob(change?: Partial<JobStatus> & { readonly owner?: string }): Promise<string> {
  served.api.clock.nowMs = Date.now();
  const jobId = crypto.randomUUID();
  const { owner, ...changes } = change ?? {};
  await served.api.store.queue({ jobId, jobName: 'DocumentJob', maxAttempts: 3, ...(owner && { owner }) });
  const { state, ...rest } = changes;
  if (state !== undefined && state !== 'running')
    served.api.store.change(jobId, { state: 'running', attempt: 1 });
  if (state !== undefined) served.api.store.change(jobId, { state, ...rest });
  return jobId;
}

function fileResult(id: string) {
  const key = `results/DocumentJob/${id}/Liste ü.pdf`;
  return { file: { key, name: 'Liste ü.pdf', contentType: 'application/pdf', bytes: 10 } };
}

function progress(): Promise<string | null> {
  return page.getByRole('progressbar').getAttribute('value');
}

function history(): Promise<string[]> {
  return page
    .locator('#history .pill')
    .allTextContents()
    .then((texts) => texts.map((text) => text.split(',')[0] ?? ''));
}

/** How often the events were asked for. */
function streams(): number {
  return served.requests.filter(({ line }) => line.endsWith('/events')).length;
}

function now(): string {
  return new Date().toISOString();
}

/** @returns whether the page took it, so that the browser does not open the file in its place */
function drop(selector: string): Promise<boolean> {
  return page.evaluate(`(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['text'], 'dropped.txt', { type: 'text/plain' }));
    const isLeft = (type) => document.querySelector('${selector}')
      .dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    return ['dragenter', 'dragover', 'drop'].map(isLeft).at(-1) === false;
  })()`);
}

/** What Chromium itself says of an answer that was meant to be a refusal. */
function withoutStatus(texts: readonly string[], status: number): string[] {
  return texts.filter((text) => !text.includes(`status of ${status}`));
}

const inkOnPaper = [
  ['text', 'page'],
  ['text', 'surface'],
  ['muted', 'surface'],
  ['muted', 'page'],
  ['muted', 'raised'],
  ['text', 'raised'],
  ['surface', 'blue'],
  ['blue', 'surface'],
  ['text', 'blue-soft'],
  ['blue', 'blue-soft'],
  ['green', 'surface'],
  ['green', 'green-soft'],
  ['amber', 'surface'],
  ['amber', 'amber-soft'],
  ['red', 'surface'],
  ['red', 'red-soft'],
  ['text', 'red-soft'],
] as const;
const colorNames = [...new Set(inkOnPaper.flat())];

/** WCAG 2's contrast ratio. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const long = hex.length === 4 ? hex.replace(/[\da-f]/gi, '$&$&') : hex;
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(long.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
