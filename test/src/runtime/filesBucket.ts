import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { localCredentials as credentials } from '../../../local/aws/isolatedAws.ts';

/** A real bucket on real sockets, behind a proxy that can fail. */
export interface TestBucket {
  readonly name: string;
  /** For any S3 client. */
  readonly config: { endpoint: string; region: string; credentials: typeof credentials; maxAttempts: number };
  /**
   * What becomes of the requests from now on. `stalled`: headers come, and no whole body. A text is answered in place of
   * an object that is too large for the emulator.
   */
  fault: 'none' | 'broken' | 'stalled' | { readonly text: string; readonly status?: number };
  /** `GET /bucket/key`, as they came. */
  readonly requests: string[];
  /** How many of the answers were not waited for to their end. */
  abandoned: number;
  put(key: string, body: string): Promise<void>;
  get(key: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function startBucket(): Promise<TestBucket> {
  const app = buildApp({ logger: false });
  const s3Url = await app.listen({ host: '127.0.0.1', port: 0 });
  const proxy = await startProxy(s3Url, () => bucket);
  const { port } = proxy.address() as AddressInfo;
  const config = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials, maxAttempts: 1 };
  const client = new S3Client({ ...config, endpoint: s3Url });
  const name = 'jobs-test-files';
  await client.send(new CreateBucketCommand({ Bucket: name }));
  const bucket: TestBucket = {
    name,
    config,
    fault: 'none',
    requests: [],
    abandoned: 0,
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket: name, Key, Body }));
    },
    async get(Key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key }));
      return await Body?.transformToString();
    },
    async close() {
      client.destroy();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
      await app.close();
    },
  };
  return bucket;
}

async function startProxy(target: string, bucket: () => TestBucket): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const { fault, requests } = bucket();
    const { url = '', method, headers } = incoming;
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) bucket().abandoned += 1;
    });
    requests.push(`${method} ${new URL(url, target).pathname}`);
    if (fault === 'broken') return void incoming.socket.destroy();
    if (fault === 'stalled') return stall(outgoing);
    if (typeof fault === 'object') {
      outgoing.statusCode = fault.status ?? 200;
      return void outgoing.end(fault.text);
    }
    const onward = request(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function stall(outgoing: ServerResponse): void {
  outgoing.writeHead(200, { 'content-length': '1000', 'content-type': 'application/json' });
  outgoing.write('{"friendName":');
}
