import { expect, test } from '@jest/globals';
import { corsRule, mayCall } from '../../../../local/aws/http/cors.ts';

const rulesFor = (...AllowOrigins: string[]) => [corsRule({ AllowOrigins }) ?? []].flat();
const foreign = 'https://evil.example';

test.each(['*', 'https://*', 'http://*'])(
  'an origin of %s lets no page of another website in, and keeps none of this machine out',
  (any) => {
    expect(mayCall(foreign, rulesFor(any))).toBe(false);
    expect(mayCall('http://evil.example', rulesFor(any))).toBe(false);
    expect(mayCall('null', rulesFor(any))).toBe(false);
    expect(mayCall('http://localhost:5173', rulesFor(any))).toBe(true);
    expect(mayCall(undefined, rulesFor(any))).toBe(true); // no page at all
  },
);

test('a website is let in by its name or its domain, also beside a *, and no other is', () => {
  expect(mayCall('https://app.example.com', rulesFor('*', 'https://app.example.com'))).toBe(true);
  expect(mayCall('https://app.example.com', rulesFor('https://*.example.com'))).toBe(true);
  expect(mayCall(foreign, rulesFor('*', 'https://app.example.com', 'https://*.example.com'))).toBe(false);
  expect(mayCall('https://app.example.com', [])).toBe(false);
});
