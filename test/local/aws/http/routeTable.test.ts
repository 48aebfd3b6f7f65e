import { describe, expect, test } from '@jest/globals';
import { isRouteKey, matchRoute } from '../../../../local/aws/http/routeTable.ts';

const keys = [
  '$default',
  'ANY /jobs/{jobId}',
  'GET /jobs/{jobId}',
  'GET /jobs/mine',
  'ANY /{proxy+}',
  'GET /jobs/{jobId}/{rest+}',
  'GET /',
];
const match = (method: string, path: string, of = keys) =>
  matchRoute(
    of.map((routeKey) => ({ routeKey })),
    method,
    path,
  );

describe('a request takes the most specific route', () => {
  test.each([
    ['GET', '/jobs/mine', 'GET /jobs/mine', {}],
    ['GET', '/jobs/a%2Fb', 'GET /jobs/{jobId}', { jobId: 'a/b' }],
    ['DELETE', '/jobs/7', 'ANY /jobs/{jobId}', { jobId: '7' }],
    ['GET', '/jobs/7/x/y', 'GET /jobs/{jobId}/{rest+}', { jobId: '7', rest: 'x/y' }],
    ['POST', '/jobs/7/x', 'ANY /{proxy+}', { proxy: 'jobs/7/x' }],
    ['GET', '/jobs/', 'ANY /{proxy+}', { proxy: 'jobs/' }],
    ['GET', '/', 'GET /', {}],
    ['POST', '/', '$default', {}],
  ])('%s %s is %s', (method, path, routeKey, pathParameters) => {
    for (const order of [keys, keys.toReversed()]) {
      expect(match(method, path, order)).toEqual({ route: { routeKey }, pathParameters });
    }
  });

  test('or none', () => {
    expect(match('GET', '/x', ['POST /x', 'GET /x/y'])).toBeUndefined();
  });
});

test.each([
  ['$default', true],
  ['GET /a/{b}/{c+}', true],
  ['ANY /', true],
  ['/a', false],
  ['get /a', false],
  ['GET /{a+}/b', false],
  ['GET /{a', false],
])('%s as a route key: %s', (key, isKey) => {
  expect(isRouteKey(key)).toBe(isKey);
});
