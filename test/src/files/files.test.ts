import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isFileResult } from '../../../src/files/fileResult.ts';
import { openUpload, readUpload, saveFile } from '../../../src/files/index.ts';
import { resultPrefix } from '../../../src/files/keys.ts';
import { NonRetryableError } from '../../../src/job/index.ts';
import { startTestBucket, type TestBucket, testContext } from './testBucket.ts';

const uploads = { contentTypes: ['text/plain', 'text/csv'], maxBytes: 1000 };
const folder = 'uploads/DocumentJob/01890a5d-ac96-774b-bcce-b302099a8057';

let bucket: TestBucket;
beforeAll(async () => {
  bucket = await startTestBucket();
});
afterAll(() => bucket.close());
beforeEach(() => {
  bucket.fault = undefined;
  bucket.requests.length = 0;
});

describe('an upload', () => {
  test('is read with its name, type and size', async () => {
    const key = `${folder}/Größe & Preis 100%+.csv`;
    await bucket.put(key, 'a,b\n1,2\n', 'text/csv; charset=utf-8');
    const upload = await readUpload(testContext(), key, uploads);
    expect({ ...upload, body: Buffer.from(upload.body).toString() }).toEqual({
      name: 'Größe & Preis 100%+.csv',
      contentType: 'text/csv',
      bytes: 8,
      body: 'a,b\n1,2\n',
    });
  });

  test('is read piece by piece where it is opened', async () => {
    await bucket.put(`${folder}/large.txt`, 'x'.repeat(300_000), 'text/plain');
    const { bytes, body } = await openUpload(testContext(), `${folder}/large.txt`, {
      contentTypes: ['text/plain'],
    });
    let read = 0;
    let pieces = 0;
    for await (const piece of body) {
      read += piece.length;
      pieces += 1;
    }
    expect([bytes, read]).toEqual([300_000, 300_000]);
    expect(pieces).toBeGreaterThan(1);
  });

  test.each([
    ['another job', 'uploads/OtherJob/01890a5d-ac96-774b-bcce-b302099a8057/a.txt'],
    ['another prefix', 'results/DocumentJob/01890a5d-ac96-774b-bcce-b302099a8057/a.txt'],
    ['no uuid', 'uploads/DocumentJob/7/a.txt'],
    ['a step upwards', `${folder}/..`],
    ['a path', `${folder}/../../OtherJob/a.txt`],
    ['a folder more', `${folder}/deep/a.txt`],
    ['a backslash', `${folder}/..\\a.txt`],
    ['a leading slash', `/${folder}/a.txt`],
    ['a control character', `${folder}/a\u0000.txt`],
    ['no name', `${folder}/`],
    ['nothing', ''],
  ])('whose key is not one of the job’s (%s) is refused without asking S3', async (_what, key) => {
    const reading = readUpload(testContext(), key, uploads);
    await expect(reading).rejects.toThrow(NonRetryableError);
    await expect(reading).rejects.toThrow('is no upload of DocumentJob: give the key');
    expect(bucket.requests).toEqual([]);
  });

  test('that is gone asks for another upload, and is not retried', async () => {
    const reading = readUpload(testContext(), `${folder}/gone.txt`, uploads);
    await expect(reading).rejects.toThrow(NonRetryableError);
    await expect(reading).rejects.toThrow('or has expired since; upload the file again');
  });

  test('that is gone looks forbidden where the role may not list the bucket', async () => {
    bucket.fault = (_request, answer) => {
      answer
        .writeHead(403, { 'content-type': 'application/xml' })
        .end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
    };
    const reading = readUpload(testContext(), `${folder}/gone.txt`, uploads);
    await expect(reading).rejects.toThrow(NonRetryableError);
    await expect(reading).rejects.toThrow('(S3: AccessDenied)');
  });

  test('of another type is refused before a byte of it is used', async () => {
    await bucket.put(`${folder}/page.txt`, '<script>', 'text/html');
    const reading = openUpload(testContext(), `${folder}/page.txt`, uploads);
    await expect(reading).rejects.toThrow(NonRetryableError);
    await expect(reading).rejects.toThrow(
      'page.txt is text/html, and this job takes text/plain, text/csv: upload such a file',
    );
  });

  test('that is too large is refused before a byte of it is used', async () => {
    await bucket.put(`${folder}/large.txt`, 'x'.repeat(1001), 'text/plain');
    const reading = openUpload(testContext(), `${folder}/large.txt`, uploads);
    await expect(reading).rejects.toThrow(NonRetryableError);
    await expect(reading).rejects.toThrow('large.txt has 1,001 bytes, and this job takes 1,000');
    await bucket.put(`${folder}/large.txt`, 'x'.repeat(1000), 'text/plain');
    expect((await readUpload(testContext(), `${folder}/large.txt`, uploads)).bytes).toBe(1000);
  });

  test('is tried again when the connection breaks in the middle', async () => {
    bucket.fault = (_request, answer) => {
      answer.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' });
      answer.write('half of it');
      setImmediate(() => answer.destroy());
    };
    const reading = readUpload(testContext(), `${folder}/a.txt`, uploads);
    await expect(reading).rejects.toThrow(`${folder}/a.txt could not be read`);
    await expect(reading).rejects.not.toThrow(NonRetryableError);
  });

  test('ends with the signal’s own reason when the job is to stop', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled');
    bucket.fault = (_request, answer) => {
      answer.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' });
      answer.write('half of it');
      setImmediate(() => stop.abort(reason));
    };
    const context = testContext({ signal: stop.signal });
    await expect(readUpload(context, `${folder}/a.txt`, uploads)).rejects.toBe(reason);
  });

  test('says what is missing where there is no bucket', async () => {
    delete process.env.JOB_FILES_BUCKET;
    try {
      await expect(readUpload(testContext(), `${folder}/a.txt`, uploads)).rejects.toThrow(
        'JOB_FILES_BUCKET is not set',
      );
    } finally {
      process.env.JOB_FILES_BUCKET = 'files';
    }
  });
});

describe('a saved file', () => {
  const file = { name: 'Übersicht.pdf', contentType: 'application/pdf', body: 'content' };

  test('lies under the job and its ID, and is the job’s result', async () => {
    const result = await saveFile(testContext({ jobId: 'job-7' }), file);
    expect(result).toEqual({
      file: {
        key: 'results/DocumentJob/job-7/Übersicht.pdf',
        name: 'Übersicht.pdf',
        contentType: 'application/pdf',
        bytes: 7,
      },
    });
    expect(isFileResult(result)).toBe(true);
    const { body, contentType } = await bucket.get(result.file.key);
    expect([Buffer.from(body).toString(), contentType]).toEqual(['content', 'application/pdf']);
  });

  test('is overwritten by a retry', async () => {
    const first = await saveFile(testContext(), file);
    const second = await saveFile(testContext({ attempt: 2 }), { ...file, body: 'content of the retry' });
    expect(second.file.key).toBe(first.file.key);
    expect(Buffer.from((await bucket.get(first.file.key)).body).toString()).toBe('content of the retry');
  });

  test('stays below its job’s prefix, whatever its name and the job’s ID', async () => {
    const { file: saved } = await saveFile(testContext({ jobId: '../OtherJob' }), {
      ...file,
      name: '../../x.pdf',
    });
    expect(saved.key).toMatch(/^results\/DocumentJob\/[\da-f]{64}\/x\.pdf$/);
    expect(resultPrefix('DocumentJob', '..')).toMatch(/^results\/DocumentJob\/[\da-f]{64}\/$/);
  });

  test('that S3 does not take is an ordinary error, which retries', async () => {
    bucket.fault = (_request, answer) => answer.writeHead(400).end();
    const saving = saveFile(testContext(), file);
    await expect(saving).rejects.toThrow('results/DocumentJob/job-1/Übersicht.pdf could not be saved');
    await expect(saving).rejects.not.toThrow(NonRetryableError);
  });
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a value', { total: 3 }],
  ['another file', { file: 'a.pdf' }],
  ['a file without a size', { file: { key: 'results/a', name: 'a', contentType: 'text/plain', bytes: '3' } }],
])('%s is no file as a result', (_what, value) => {
  expect(isFileResult(value)).toBe(false);
});
