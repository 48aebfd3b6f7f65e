import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { createJwtAuthorizer } from '../../../../local/aws/http/jwtAuthorizer.ts';
import { type Platform, startPlatform } from '../../../../local/platform/platform.ts';
import { bundled, functionResource, httpApiResources } from '../fixtures/assembly/apiResources.ts';
import { type FixtureResource, writeAssembly } from '../fixtures/assembly/writeAssembly.ts';
import { type JwtIssuer, startJwtIssuer } from './jwtIssuer.ts';

const app = `
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
const app = new Hono();
app.get('/throw', () => { throw new Error('as told'); });
app.get('/hang', () => new Promise(() => setTimeout(() => {}, 60_000)));
app.get('/file', (c) => c.body(new Uint8Array([0, 255]), 200, { 'content-type': 'image/png' }));
app.get('/cookies', (c) => { c.header('set-cookie', 'a=1'); c.header('set-cookie', 'b=2', { append: true }); return c.text('ok'); });
app.post('/text', async (c) => c.text(await c.req.text(), 201));
app.all('*', (c) => c.json(c.env.event));
const honoHandler = handle(app);
export const handler = (event, context) => {
  if (event.rawPath === '/crash') throw new Error('not even a response');
  if (event.rawPath === '/untyped') return Promise.resolve({ statusCode: 200, body: 'untyped' });
  return honoHandler(event, context);
};`;

const cors = {
  AllowOrigins: ['https://*.example'],
  AllowMethods: ['GET'],
  AllowHeaders: ['authorization'],
  AllowCredentials: true,
};

/** A further route to the same function. */
const route = (RouteKey: string, more: object): FixtureResource => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: {
    ApiId: { Ref: 'HttpApi' },
    RouteKey,
    Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
    ...more,
  },
});
const jwt = { AuthorizationType: 'JWT', AuthorizerId: { Ref: 'Authorizer' } };

let root: string;
let issuer: JwtIssuer;
let platform: Platform;
let apiUrl: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'http-api-'));
  issuer = await startJwtIssuer();
  const Resources = httpApiResources('Api', issuer.url, cors);
  Object.assign(Resources.Integration?.Properties ?? {}, { TimeoutInMillis: 1_000 });
  Object.assign(Resources, {
    Api: functionResource('api', { Timeout: 20 }),
    Open: route('GET /open/{name}/{rest+}', { AuthorizationType: 'NONE' }),
    Iam: route('GET /iam', { AuthorizationType: 'AWS_IAM' }),
    Scoped: route('GET /scoped', { ...jwt, AuthorizationScopes: ['jobs:read', 'jobs:admin'] }),
  });
  platform = await startPlatform({
    assemblyDirectory: await writeAssembly(
      join(root, 'cdk.out'),
      { test: { Resources, Outputs: { ApiUrl: { Value: { 'Fn::GetAtt': ['HttpApi', 'ApiEndpoint'] } } } } },
      { api: await bundled(app) },
    ),
    stateDirectory: join(root, '.local'),
    port: 0,
  });
  const snapshot = await platform.snapshot();
  expect(snapshot.problems).toEqual([]);
  apiUrl = snapshot.apiUrl ?? '';
});
afterAll(async () => {
  await platform?.stop({ drainMs: 0 });
  issuer?.stop();
  await rm(root, { recursive: true, force: true });
});

async function get(path: string, token?: string, init: RequestInit = {}) {
  const authorization = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  return fetch(`${apiUrl}${path}`, { ...init, headers: { ...init.headers, ...authorization } });
}

describe('an HTTP API', () => {
  test('gives the function the event of payload format 2.0', async () => {
    const event = await (await get('/a%20b?c=d', await issuer.token())).json();
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a b',
      rawQueryString: 'c=d',
      requestContext: { accountId: '000000000000', stage: '$default', routeKey: '$default' },
    });
  });

  test('matches routes, and tells the variables of their paths', async () => {
    const event = await (await get('/open/x%2Fy/z/7')).json();
    expect(event).toMatchObject({
      routeKey: 'GET /open/{name}/{rest+}',
      pathParameters: { name: 'x/y', rest: 'z/7' },
    });
    expect((event as { requestContext: object }).requestContext).not.toHaveProperty('authorizer');
    expect((await get('/open/x')).status).toBe(401); // the default route's
  });

  test('says who called, where IAM would have checked it', async () => {
    const event = await (await get('/iam')).json();
    expect(event).toMatchObject({ requestContext: { authorizer: { iam: { accountId: '000000000000' } } } });
  });

  test('carries text, bytes and cookies', async () => {
    const token = await issuer.token();
    const text = await get('/text', token, { method: 'POST', body: 'grüße' });
    expect([text.status, await text.text()]).toEqual([201, 'grüße']);
    expect([...new Uint8Array(await (await get('/file', token)).arrayBuffer())]).toEqual([0, 255]);
    expect((await get('/cookies', token)).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect((await get('/untyped', token)).headers.get('content-type')).toBe('text/plain;charset=UTF-8');
  });

  test('answers 500 for a function that fails, 503 for one that takes too long', async () => {
    const token = await issuer.token();
    const crashed = await get('/crash', token);
    expect([crashed.status, await crashed.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    const late = await get('/hang', token);
    expect([late.status, await late.json()]).toEqual([503, { message: 'Service Unavailable' }]);
  });

  test('answers preflights itself, without a token', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' };
    const response = await get('/x', undefined, { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET',
      'access-control-allow-headers': 'authorization',
    });
    const foreign = { ...headers, origin: 'https://example.evil' };
    expect((await get('/x', undefined, { method: 'OPTIONS', headers: foreign })).status).toBe(403);
    const refused = await get('/x', undefined, { headers: { origin: 'https://app.example' } });
    expect(refused.status).toBe(401);
  });
});

describe('a JWT authorizer', () => {
  test('lets a valid token in, and gives the function its claims as texts', async () => {
    const claims = {
      groups: ['a', 'b'],
      admin: true,
      level: 7,
      address: { city: 'x' },
      scope: 'jobs:read other',
    };
    const { requestContext } = (await (await get('/', await issuer.token(claims))).json()) as {
      requestContext: { authorizer: object };
    };
    expect(requestContext.authorizer).toEqual({
      jwt: {
        claims: {
          iss: issuer.url,
          sub: 'ida',
          aud: 'jobs',
          iat: expect.stringMatching(/^\d+$/),
          exp: expect.stringMatching(/^\d+$/),
          groups: '[a b]',
          admin: 'true',
          level: '7',
          address: '{"city":"x"}',
          scope: 'jobs:read other',
        },
        scopes: null,
      },
    });
  });

  test('takes a token without the word Bearer, and client_id in place of aud', async () => {
    const token = await issuer.token();
    expect((await get('/', undefined, { headers: { authorization: token } })).status).toBe(200);
    expect((await get('/', await issuer.token({ aud: undefined, client_id: 'jobs' }))).status).toBe(200);
    expect((await get('/', await issuer.token({ aud: ['other', 'jobs'] }))).status).toBe(200);
  });

  const nowSeconds = Math.floor(Date.now() / 1_000);
  test.each([
    ['is over', { exp: nowSeconds - 60 }],
    ['never ends', { exp: undefined }],
    ['is not valid yet', { nbf: nowSeconds + 600 }],
    ['is of the future', { iat: nowSeconds + 600 }],
    ['is for another audience', { aud: 'other' }],
    ['is for another audience, whoever the client is', { aud: 'other', client_id: 'jobs' }],
    ['is for no audience', { aud: undefined }],
    ['has another issuer', { iss: 'https://other.example' }],
  ])('refuses a token that %s', async (_what, claims) => {
    await expectUnauthorized(await get('/', await issuer.token(claims)));
  });

  test('refuses what is no token, unsigned, or signed with another key', async () => {
    const claims = { iss: issuer.url, sub: 'ida', aud: 'jobs' };
    const foreign = await startJwtIssuer();
    const symmetric = new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setExpirationTime('1h');
    const [header, payload] = (await issuer.token()).split('.');
    for (const token of [
      'x',
      'a.b.c',
      new UnsecuredJWT(claims).setExpirationTime('1h').encode(),
      await symmetric.sign(new TextEncoder().encode('a secret that is long enough for it')),
      await foreign.token({ iss: issuer.url }),
      await foreign.token({ iss: issuer.url }, { kid: 'two' }),
      `${header}.${payload}.`,
    ]) {
      await expectUnauthorized(await get('/', token));
    }
    foreign.stop();
    const none = await get('/');
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  test('asks for one of the route’s scopes', async () => {
    const refused = await get('/scoped', await issuer.token({ scope: 'jobs:write' }));
    expect([refused.status, await refused.json()]).toEqual([403, { message: 'Forbidden' }]);
    expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope');
    for (const claims of [{ scope: 'x jobs:read' }, { scp: ['jobs:admin'] }]) {
      const response = await get('/scoped', await issuer.token(claims));
      expect(response.status).toBe(200);
      const scopes = 'scp' in claims ? claims.scp : claims.scope.split(' ');
      expect(await response.json()).toMatchObject({ requestContext: { authorizer: { jwt: { scopes } } } });
    }
  });

  test('fetches the keys once, wherever the issuer has them, and is closed without them', async () => {
    expect(issuer.fetches).toBeLessThanOrEqual(2); // once more for the unknown key above
    const warnings: string[] = [];
    const other = await startJwtIssuer({ discovery: false });
    const { authorize } = createJwtAuthorizer(
      { issuer: other.url, audience: ['jobs'], identitySource: '$request.querystring.token' },
      (text) => warnings.push(text),
    );
    const request = { url: `/?token=${await other.token()}`, headers: {} } as never;
    expect(await authorize(request, [])).toMatchObject({ claims: { sub: 'ida' } });
    other.stop();
    const unreachable = createJwtAuthorizer(
      { issuer: other.url, audience: ['jobs'], identitySource: '$request.querystring.token' },
      (text) => warnings.push(text),
    );
    await expect(unreachable.authorize(request, [])).rejects.toMatchObject({ status: 401 });
    expect(warnings.join()).toContain(`The keys of ${other.url} could not be had`);
  });
});

async function expectUnauthorized(response: Response): Promise<void> {
  expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }]);
  expect(response.headers.get('www-authenticate')).toMatch(/^Bearer scope="" error="invalid_token"/);
}
