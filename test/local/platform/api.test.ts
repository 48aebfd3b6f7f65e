import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ApiPortTakenError } from '../../../local/aws/http/listeners.ts';
import { localCredentials as credentials } from '../../../local/aws/isolatedAws.ts';
import { type Platform, startPlatform } from '../../../local/platform/platform.ts';
import { functionResource, httpApiResources, urlResource } from '../aws/fixtures/assembly/apiResources.ts';
import { type FixtureResource, writeAssembly } from '../aws/fixtures/assembly/writeAssembly.ts';
import { isRunning, until } from '../aws/lambda/processes.ts';

let root: string;
let platform: Platform | undefined;
let generation = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'api-'));
});
afterEach(async () => {
  await platform?.stop({ drainMs: 0 });
  platform = undefined;
  await rm(root, { recursive: true, force: true });
});

const answering = (text: string) =>
  `export const handler = async () => ({ statusCode: 200, body: '${text}' });`;
const streaming = `export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const http = awslambda.HttpResponseStream.from(stream, { headers: { 'content-type': 'text/event-stream' } });
  http.write(String(process.pid));
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});`;

/** A store of files by way of the SDK that Lambda's runtime carries. */
const saving = `import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
export const handler = async () => {
  const Bucket = process.env.JOB_FILES_BUCKET;
  await new S3Client({}).send(new PutObjectCommand({ Bucket, Key: 'results/a', Body: 'by the function' }));
  return { statusCode: 201 };
};`;

/** An assembly whose function has that code; each code is an asset of its own. */
async function assemblyOf(source: string, more: Record<string, FixtureResource> = {}): Promise<string> {
  generation += 1;
  const Variables = 'FilesBucket' in more ? { JOB_FILES_BUCKET: { Ref: 'FilesBucket' } } : {};
  const Resources = {
    Api: functionResource(`code${generation}`, { Timeout: 600, Environment: { Variables } }),
    ...more,
  };
  return writeAssembly(
    join(root, `cdk.out.${generation}`),
    { 'Jobs-dev': { Resources } },
    { [`code${generation}`]: source },
  );
}

async function startWith(assemblyDirectory: string, apiPort = 0): Promise<Platform> {
  platform = await startPlatform({
    assemblyDirectory,
    stateDirectory: join(root, '.local'),
    port: 0,
    apiPort,
  });
  return platform;
}

const platformFile = async () => JSON.parse(await readFile(join(root, '.local/platform.json'), 'utf8'));
const body = async (url: string) => (await fetch(url)).text();
const ApiUrl = urlResource('Api');
const FilesBucket = { Type: 'AWS::S3::Bucket' };

test('an API comes, changes, is renamed and goes with the template; platform.json stays true', async () => {
  const running = await startWith(await assemblyOf(answering('one')));
  expect(await platformFile()).toMatchObject({ apiUrl: null, filesBucket: null });

  await running.apply(await assemblyOf(answering('one'), { ApiUrl, FilesBucket }));
  const { apiUrl, filesBucket } = await platformFile();
  expect(apiUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(filesBucket).toBe('jobs-dev-filesbucket');
  expect(await running.snapshot()).toMatchObject({ apiUrl, filesBucket, problems: [] });
  expect(await body(apiUrl)).toBe('one');

  await running.apply(await assemblyOf(answering('two'), { ApiUrl, FilesBucket }));
  expect(await body(apiUrl)).toBe('two');
  await running.apply(await assemblyOf(answering('three'), { RenamedUrl: ApiUrl }));
  expect(await platformFile()).toMatchObject({ apiUrl, filesBucket: null });
  expect(await body(apiUrl)).toBe('three');

  await running.apply(await assemblyOf(answering('four'), httpApiResources('Api', 'https://issuer.example')));
  expect((await fetch(apiUrl)).status).toBe(401);
  const open = httpApiResources('Api', 'https://issuer.example');
  Object.assign(open.Route?.Properties ?? {}, { AuthorizationType: 'NONE' });
  await running.apply(await assemblyOf(answering('five'), open));
  expect(await body(apiUrl)).toBe('five');

  await running.apply(await assemblyOf(answering('six')));
  expect(await platformFile()).toMatchObject({ apiUrl: null });
  await expect(fetch(apiUrl)).rejects.toThrow();
});

test('functions and other clients share the bucket, and the pages of the API may use it', async () => {
  const running = await startWith(await assemblyOf(saving, { ApiUrl, FilesBucket }));
  const { apiUrl, filesBucket, endpoint, region } = await platformFile();
  expect((await fetch(apiUrl)).status).toBe(201);
  const s3 = new S3Client({ endpoint, region, credentials });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: filesBucket, Key: 'results/a' }));
  expect(await Body?.transformToString()).toBe('by the function');
  s3.destroy();
  const page = await fetch(`${running.endpoint}/${filesBucket}/results/a`, { headers: { origin: apiUrl } });
  expect(page.headers.get('access-control-allow-origin')).toBe(apiUrl);
});

test('a port that is taken is an error that says so, at start and at a reload', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  await expect(startWith(await assemblyOf(answering('one'), { ApiUrl }), port)).rejects.toThrow(
    ApiPortTakenError,
  );
  expect(existsSync(join(root, '.local/platform.json'))).toBe(false);

  const running = await startWith(await assemblyOf(answering('one')), port);
  await expect(running.apply(await assemblyOf(answering('two'), { ApiUrl }))).rejects.toThrow('--api-port');
  expect(await platformFile()).toMatchObject({ apiUrl: null });
  other.close();
  await once(other, 'close');
  await running.apply(await assemblyOf(answering('two'), { ApiUrl }));
  expect(await platformFile()).toMatchObject({ apiUrl: `http://127.0.0.1:${port}` });
});

test('stops at once although an event stream is open, and leaves no process', async () => {
  const running = await startWith(
    await assemblyOf(streaming, { ApiUrl: urlResource('Api', { InvokeMode: 'RESPONSE_STREAM' }) }),
  );
  const { apiUrl = '' } = await running.snapshot();
  const chunks = (await fetch(apiUrl)).body?.getReader();
  const pid = Number(new TextDecoder().decode((await chunks?.read())?.value));
  expect(isRunning(pid)).toBe(true);
  const rest = chunks?.read();
  await Promise.all([running.stop({ drainMs: 600_000 }), expect(rest).rejects.toThrow()]);
  await until(() => !isRunning(pid));
});

test('what does not run as on AWS is named', async () => {
  const running = await startWith(
    await assemblyOf(answering('one'), {
      OtherUrl: {
        Type: 'AWS::Lambda::Url',
        Properties: { TargetFunctionArn: 'arn:aws:lambda:::x', AuthType: 'NONE' },
      },
      QualifiedUrl: urlResource('Api', { Qualifier: 'live' }),
      WebSocket: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET' } },
      ...httpApiResources('Api', 'https://issuer.example'),
      Custom: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: { ApiId: { Ref: 'HttpApi' }, RouteKey: 'GET /x', AuthorizationType: 'CUSTOM' },
      },
      Named: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: { Ref: 'HttpApi' }, StageName: 'dev' },
      },
      FilesBucket: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          VersioningConfiguration: { Status: 'Enabled' },
          BucketEncryption: {},
          LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ExpirationInDays: 1, TagFilters: [] }] },
        },
      },
      Policy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: { Ref: 'FilesBucket' } } },
    }),
  );
  const { problems, notEvaluated } = await running.snapshot();
  expect(problems.map(({ logicalId, property, why }) => `${logicalId} ${property}: ${why}`).sort()).toEqual([
    'Custom AuthorizationType: CUSTOM does not run locally (JWT, AWS_IAM and NONE do)',
    'FilesBucket LifecycleConfiguration: a rule with TagFilters is not honoured locally (Id, Status, Prefix, ExpirationInDays, AbortIncompleteMultipartUpload are)',
    'FilesBucket VersioningConfiguration: is not honoured locally',
    'Named StageName: dev does not run locally ($default does)',
    'OtherUrl TargetFunctionArn: arn:aws:lambda:::x is no function of this assembly',
    'QualifiedUrl Qualifier: is not honoured locally',
    'WebSocket ProtocolType: WEBSOCKET does not run locally (HTTP does)',
  ]);
  expect(notEvaluated).toContain('S3::BucketPolicy');
  expect(notEvaluated).toContain('S3::Bucket.BucketEncryption');
});
