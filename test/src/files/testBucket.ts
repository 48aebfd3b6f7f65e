import { createServer, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import type { JobContext, LogFields } from '../../../src/job/index.ts';

/** A bucket on an S3 that runs in this process; the environment points to it until it is closed. */
export interface TestBucket {
  /** Answers the next requests in S3's place; undefined: S3 does. */
  fault: RequestListener | undefined;
  /** What was asked of S3, such as `GET /files/uploads/…`. */
  readonly requests: string[];
  put(key: string, body: Uint8Array | string, contentType: string): Promise<void>;
  get(key: string): Promise<{ body: Uint8Array; contentType: string | undefined }>;
  close(): Promise<void>;
}

export async function startTestBucket(): Promise<TestBucket> {
  const s3 = await startFauxqs({ port: 0, logger: false });
  s3.createBucket('files');
  const requests: string[] = [];
  const server = createServer((incoming, answer) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    if (bucket.fault !== undefined) return bucket.fault(incoming, answer);
    const { method, url: path, headers } = incoming;
    const forwarded = request({ port: s3.port, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(forwarded);
  });
  const endpoint = await listen(server);
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    JOB_FILES_BUCKET: 'files',
  });
  const client = new S3Client({ maxAttempts: 1 });
  const bucket: TestBucket = {
    fault: undefined,
    requests,
    async put(Key, body, ContentType) {
      const Body = Buffer.from(body);
      await client.send(new PutObjectCommand({ Bucket: 'files', Key, Body, ContentType }));
    },
    async get(Key) {
      const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: 'files', Key }));
      return { body: (await Body?.transformToByteArray()) ?? new Uint8Array(), contentType: ContentType };
    },
    async close() {
      process.env = before;
      client.destroy();
      server.closeAllConnections();
      server.close();
      await s3.stop();
    },
  };
  return bucket;
}

/** A job's context that keeps what the job says. */
export interface TestContext extends JobContext {
  readonly warnings: { message: string; fields: unknown }[];
  readonly said: { fraction: number; text: string | undefined }[];
}

export function testContext(overrides: Partial<JobContext> = {}): TestContext {
  const warnings: TestContext['warnings'] = [];
  const said: TestContext['said'] = [];
  const quiet = () => {};
  const warn = (message: string, fields?: LogFields | Error) => warnings.push({ message, fields });
  return {
    jobName: 'DocumentJob',
    jobId: 'job-1',
    attempt: 1,
    maxAttempts: 3,
    log: { debug: quiet, info: quiet, warn, error: quiet },
    signal: new AbortController().signal,
    progress: (fraction, text) => said.push({ fraction, text }),
    ...overrides,
    warnings,
    said,
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
