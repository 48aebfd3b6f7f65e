import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { corsRule } from '../../../../local/aws/http/cors.ts';
import { localCredentials as credentials } from '../../../../local/aws/isolatedAws.ts';
import { until } from '../lambda/processes.ts';

const Bucket = 'jobs-dev-files';
const app = 'https://app.example';

let engine: Engine;
let s3: S3Client;

beforeAll(async () => {
  // A day is a second.
  engine = await startEngine({ port: 0, region: 'eu-west-1', speed: 86_400 });
  s3 = new S3Client({ endpoint: engine.endpoint, region: 'eu-west-1', credentials });
  const cors = corsRule({
    AllowOrigins: [app],
    AllowMethods: ['POST', 'GET', 'HEAD'],
    AllowHeaders: ['content-type'],
    ExposeHeaders: ['etag'],
    MaxAge: 3_600,
  });
  engine.buckets.put(Bucket, { cors: cors ? [cors] : [], lifecycle: [] });
  engine.buckets.servePagesFrom(() => ['http://127.0.0.1:4102', 'http://localhost:4102']);
});
afterAll(async () => {
  s3?.destroy();
  await engine?.stop();
});

/** A form as a browser would send it, the file last. */
function form(fields: Record<string, string>, content: Buffer | string, type = 'text/plain'): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  data.set('file', new Blob([content as never], { type }), 'näme.txt');
  return data;
}

const presigned = (Key: string, more: object[] = [], Expires = 900) =>
  createPresignedPost(s3, {
    Bucket,
    Key,
    Fields: { 'Content-Type': 'text/plain' },
    Conditions: [['content-length-range', 1, 10], ...more] as never,
    Expires,
  });

const upload = ({ url, fields }: Awaited<ReturnType<typeof presigned>>, content: string, more: object = {}) =>
  fetch(url, { method: 'POST', body: form({ ...fields, ...more }, content) });

async function contentOf(Key: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key })).catch(() => ({ Body: undefined }));
  return Body?.transformToString();
}

describe('links', () => {
  test('put and get an object, with the headers that the link asks for', async () => {
    const Key = `results/Job/7/${'ä'.repeat(80)} & co.txt`;
    const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key, ContentType: 'text/plain' }));
    expect(
      (await fetch(put, { method: 'PUT', body: 'grüße', headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(200);
    const ResponseContentDisposition = `attachment; filename*=UTF-8''n%C3%A4me.txt`;
    const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key, ResponseContentDisposition }));
    const response = await fetch(get);
    expect(await response.text()).toBe('grüße');
    expect(response.headers.get('content-disposition')).toBe(ResponseContentDisposition);
    expect(response.headers.get('content-type')).toBe('text/plain');
  });

  test('end', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'x' }));
    const long = { expiresIn: 60, signingDate: new Date(Date.now() - 61_000) };
    const over = await fetch(await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'kept' }), long));
    expect([over.status, await over.text()]).toEqual([403, expect.stringContaining('Request has expired')]);
    const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'late' }), long);
    expect((await fetch(put, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect(await contentOf('late')).toBeUndefined();
  });

  test('take bodies of any type, and none', async () => {
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain', undefined]) {
      const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'typed' }));
      const headers = type === undefined ? undefined : { 'content-type': type };
      const response = await fetch(put, {
        method: 'PUT',
        body: Buffer.from(`{"a":"${type}"}`),
        ...(headers && { headers }),
      });
      expect([type, response.status, await contentOf('typed')]).toEqual([type, 200, `{"a":"${type}"}`]);
    }
    const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'empty' }));
    expect((await fetch(put, { method: 'PUT' })).status).toBe(200);
    expect(await contentOf('empty')).toBe('');
  });
});

describe('a presigned POST', () => {
  test('uploads what its policy allows', async () => {
    const post = await presigned('uploads/Job/1/näme.txt');
    expect(post.url).toBe(`${engine.endpoint}/${Bucket}`);
    const response = await upload(post, 'text');
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(await contentOf('uploads/Job/1/näme.txt')).toBe('text');
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'uploads/Job/1/näme.txt' }));
    expect(head).toMatchObject({ ContentType: 'text/plain', ContentLength: 4 });
  });

  test.each([
    ['too large', 'x'.repeat(11), {}, 400, 'EntityTooLarge'],
    ['empty', '', {}, 400, 'EntityTooSmall'],
    ['of another type', 'x', { 'Content-Type': 'text/html' }, 403, '"$Content-Type","text/plain"'],
    ['of another key', 'x', { key: 'uploads/Job/2/other' }, 403, '"$key","uploads/Job/2/name"'],
    [
      'with a field that the policy does not name',
      'x',
      { 'x-amz-meta-a': 'b' },
      403,
      'Extra input fields: x-amz-meta-a',
    ],
    ['with a broken policy', 'x', { Policy: 'e30=' }, 400, 'InvalidPolicyDocument'],
  ])('refuses what is %s', async (_what, content, fields, status, why) => {
    const response = await upload(await presigned('uploads/Job/2/name'), content, fields);
    const text = (await response.text()).replaceAll('&quot;', '"');
    expect([response.status, text]).toEqual([status, expect.stringContaining(why)]);
    expect(await contentOf('uploads/Job/2/name')).toBeUndefined();
  });

  test('ends', async () => {
    const response = await upload(await presigned('late', [], -1), 'x');
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('Policy expired'),
    ]);
  });

  test('knows a beginning, and the name of the file', async () => {
    const post = await createPresignedPost(s3, {
      Bucket,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: S3 puts the file's name there
      Key: 'uploads/${filename}',
      Conditions: [['starts-with', '$Content-Type', 'image/']],
    });
    expect((await upload(post, 'x', { 'Content-Type': 'image/png' })).status).toBe(204);
    expect((await upload(post, 'x', { 'Content-Type': 'text/png' })).status).toBe(403);
  });

  test('of 100 MB comes through', async () => {
    const directory = await mkdtemp(join(tmpdir(), 's3-'));
    const file = join(directory, 'large');
    const bytes = 100 * 1024 * 1024;
    const handle = await open(file, 'w');
    await handle.truncate(bytes);
    await handle.write('end', bytes - 3);
    await handle.close();
    const { url, fields } = await createPresignedPost(s3, {
      Bucket,
      Key: 'large',
      Conditions: [['content-length-range', 1, bytes]],
    });
    // As a browser does, and not through fetch, which would hold the whole form.
    const parts = Object.entries(fields).map(
      ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const head = `${parts.join('')}--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n`;
    const tail = '\r\n--b--\r\n';
    const headers = {
      'content-type': 'multipart/form-data; boundary=b',
      'content-length': Buffer.byteLength(head) + bytes + tail.length,
    };
    const status = new Promise<number | undefined>((resolve, reject) => {
      const request = send(url, { method: 'POST', headers }, (response) =>
        resolve(response.resume().statusCode),
      );
      request.on('error', reject);
      request.write(head);
      pipeline(createReadStream(file), request, { end: false }).then(() => request.end(tail), reject);
    });
    expect(await status).toBe(204);
    const { ContentLength } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'large' }));
    expect(ContentLength).toBe(bytes);
    const last = await s3.send(new GetObjectCommand({ Bucket, Key: 'large', Range: 'bytes=-3' }));
    expect(await last.Body?.transformToString()).toBe('end');
    await rm(directory, { recursive: true });
  });

  test('of more than fits into memory is refused before it is sent; so is a large message', async () => {
    const { port } = new URL(engine.endpoint);
    const announce = (path: string, type: string, bytes: number) =>
      new Promise<[number | undefined, string]>((resolve, reject) => {
        const headers = { 'content-type': type, 'content-length': bytes };
        const request = send({ host: '127.0.0.1', port, path, method: 'POST', headers }, async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          request.destroy();
          resolve([response.statusCode, text]);
        });
        request.on('error', reject);
        request.flushHeaders();
      });
    const tooLarge = [400, expect.stringMatching(/EntityTooLarge.*locally 1073741824 bytes/)];
    expect(await announce(`/${Bucket}`, 'multipart/form-data; boundary=b', 2 ** 30 + 1)).toEqual(tooLarge);
    const [status] = await announce('/', 'application/x-www-form-urlencoded', 2 ** 24);
    expect(status).toBe(400);
  });
});

describe('CORS', () => {
  const ask = (origin: string, method: string, headers = '') =>
    fetch(`${engine.endpoint}/${Bucket}/key`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        ...(headers && { 'access-control-request-headers': headers }),
      },
    });

  test('preflights are answered by the bucket’s rules', async () => {
    const allowed = await ask(app, 'POST', 'Content-Type');
    expect(allowed.status).toBe(200);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': app,
      'access-control-allow-methods': 'POST,GET,HEAD',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '3600',
    });
    for (const [origin, method, headers] of [
      [app, 'DELETE', ''],
      [app, 'POST', 'x-other'],
      ['https://app.example.evil', 'POST', ''],
      ['http://localhost:9999', 'POST', ''],
    ] as const) {
      const refused = await ask(origin, method, headers);
      expect([origin, refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([
        origin,
        403,
        null,
      ]);
    }
  });

  test('pages of the local API may use it, without being named', async () => {
    expect((await ask('http://127.0.0.1:4102', 'PUT', 'content-type')).status).toBe(200);
    const response = await fetch(`${engine.endpoint}/${Bucket}/nothing`, {
      headers: { origin: 'http://localhost:4102' },
    });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([
      404,
      'http://localhost:4102',
    ]);
  });

  test('what a page may read says so, errors too', async () => {
    const { url, fields } = await presigned('uploads/Job/3/a');
    for (const content of ['text', 'x'.repeat(11)]) {
      const response = await fetch(url, {
        method: 'POST',
        body: form(fields, content),
        headers: { origin: app },
      });
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([
        content === 'text' ? 204 : 400,
        app,
      ]);
      expect(response.headers.get('access-control-expose-headers')).toBe('etag');
    }
  });

  test('other pages get nothing, of this bucket and of the rest of the endpoint', async () => {
    for (const path of [`/${Bucket}/uploads/Job/3/a`, '/other-bucket/key', '/']) {
      expect(
        (await fetch(`${engine.endpoint}${path}`, { headers: { origin: 'https://evil.example' } })).status,
      ).toBe(403);
    }
    for (const path of ['/other-bucket/key', '/']) {
      expect((await fetch(`${engine.endpoint}${path}`, { headers: { origin: app } })).status).toBe(403);
    }
  });
});

describe('the lifecycle of a bucket', () => {
  const keys = async (bucket: string) => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key }) => Key);
  };

  test('deletes what is below its prefix when its days are over, on scaled time', async () => {
    engine.buckets.put('expires', { cors: [], lifecycle: [] });
    for (const Key of ['old/a', 'new/a']) {
      await s3.send(new PutObjectCommand({ Bucket: 'expires', Key, Body: 'x' }));
    }
    const upload = { Bucket: 'expires', Key: 'old/b' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
    const part = () => s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'x' }));
    await part();
    expect(await keys('expires')).toEqual(['new/a', 'old/a']);

    const rule = { prefix: 'old/', expirationDays: 2, abortUploadsAfterDays: 1 };
    engine.buckets.put('expires', { cors: [], lifecycle: [rule] });
    await until(async () => (await keys('expires')).length === 1);
    expect(await keys('expires')).toEqual(['new/a']);
    await expect(part()).rejects.toMatchObject({ name: 'NoSuchUpload' });
    engine.buckets.delete('expires');
    await expect(keys('expires')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});

describe('a conditional write', () => {
  const put = (Key: string, Body: string, condition: { IfMatch?: string; IfNoneMatch?: string }) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ...condition }));
  const failed = { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } };

  test('makes an object only where there is none', async () => {
    await put('once', 'first', { IfNoneMatch: '*' });
    await expect(put('once', 'second', { IfNoneMatch: '*' })).rejects.toMatchObject(failed);
    expect(await contentOf('once')).toBe('first');
  });

  test('has one winner of many at once', async () => {
    const writers = Array.from({ length: 8 }, (_, index) => `writer ${index}`);
    const results = await Promise.allSettled(
      writers.map((writer) => put('raced', writer, { IfNoneMatch: '*' })),
    );
    const won = writers.filter((_, index) => results[index]?.status === 'fulfilled');
    expect(won).toEqual([await contentOf('raced')]);
    const lost = results.filter(({ status }) => status === 'rejected');
    expect(lost).toEqual(
      lost.map(() => ({
        status: 'rejected',
        reason: expect.objectContaining({ name: 'PreconditionFailed' }),
      })),
    );
  });

  test('replaces only the version that it knows', async () => {
    await expect(put('versioned', 'x', { IfMatch: '"00"' })).rejects.toMatchObject({
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404 },
    });
    const { ETag = '' } = await put('versioned', 'first', {});
    await expect(put('versioned', 'x', { IfMatch: '"00"' })).rejects.toMatchObject(failed);
    await put('versioned', 'second', { IfMatch: ETag });
    expect(await contentOf('versioned')).toBe('second');
    await expect(put('versioned', 'x', { IfMatch: ETag })).rejects.toMatchObject(failed);
    expect(await contentOf('versioned')).toBe('second');
  });

  test('may be a copy or the end of a multipart upload, whose parts have no conditions', async () => {
    const Key = 'assembled';
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = { Bucket, Key, UploadId, PartNumber: 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'parts' }));
    await put(Key, 'meanwhile', {});
    const complete = (condition: object) =>
      s3.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
          ...condition,
        }),
      );
    await expect(complete({ IfNoneMatch: '*' })).rejects.toMatchObject(failed);
    const copy = new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${Key}`, IfNoneMatch: '*' });
    await expect(s3.send(copy)).rejects.toMatchObject(failed);
    expect(await contentOf(Key)).toBe('meanwhile');
    await complete({});
    expect(await contentOf(Key)).toBe('parts');
  });

  test('to a bucket that is not there says so', async () => {
    const missing = new PutObjectCommand({ Bucket: 'missing', Key: 'k', Body: 'x', IfNoneMatch: '*' });
    await expect(s3.send(missing)).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});
