import { describe, expect, test } from '@jest/globals';
import { MalformedResponseError, proxyResponse } from '../../../../local/aws/http/proxyResponse.ts';

const respond = (value: unknown) => proxyResponse(JSON.stringify(value), 'application/json');

describe('a return value becomes a response', () => {
  test.each([
    ['text', 'Hello!', '"Hello!"'],
    ['a structure without statusCode', { message: 'hi' }, '{"message":"hi"}'],
    ['a list', [1], '[1]'],
    ['null', null, 'null'],
  ])('%s is JSON with 200', (_what, value, body) => {
    expect(respond(value)).toEqual({ status: 200, headers: { 'content-type': 'application/json' }, body });
  });

  test('a structure with statusCode says all itself', () => {
    const value = {
      statusCode: 201,
      headers: { 'Content-Type': 'text/plain', 'X-Count': 3, Connection: 'close', 'Content-Length': 99 },
      cookies: ['a=1; Secure', 'b=2'],
      body: 'created',
    };
    expect(respond(value)).toEqual({
      status: 201,
      headers: { 'content-type': 'text/plain', 'x-count': '3', 'set-cookie': ['a=1; Secure', 'b=2'] },
      body: 'created',
    });
  });

  test('a body may be Base64, or not be there', () => {
    const value = {
      statusCode: '200',
      isBase64Encoded: true,
      body: Buffer.from([0, 255]).toString('base64'),
    };
    expect(respond(value)).toMatchObject({ status: 200, body: Buffer.from([0, 255]) });
    expect(respond({ statusCode: 204 })).toMatchObject({ status: 204, body: '' });
  });

  test.each([
    [
      'a status that is none',
      { statusCode: 42 },
      /statusCode must be a whole number from 200 to 599, got 42/,
    ],
    ['a status that is text', { statusCode: 'ok' }, /statusCode .* got "ok"/],
    [
      'a body that is no text',
      { statusCode: 200, body: { a: 1 } },
      /body must be a string \(JSON.stringify it\)/,
    ],
    ['a header with a line break', { statusCode: 200, headers: { a: 'b\r\nc: d' } }, /header "a" cannot be/],
    ['a header name with a space', { statusCode: 200, headers: { 'a b': 'c' } }, /header "a b" cannot be/],
    ['a header that is a list', { statusCode: 200, headers: { a: ['b'] } }, /header "a" cannot be \["b"\]/],
    ['cookies that are no list', { statusCode: 200, cookies: 'a=b' }, /cookies must be a list/],
  ])('%s is refused', (_what, value, message) => {
    expect(() => respond(value)).toThrow(MalformedResponseError);
    expect(() => respond(value)).toThrow(message);
  });
});
