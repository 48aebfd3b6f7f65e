import { describe, expect, test } from '@jest/globals';
import { Lazy } from 'aws-cdk-lib/core';
import { apiOptionsOf, checkedApiOptions } from '../../../lib/api/apiOptions.ts';
import { SynthError } from '../../../lib/platform/synthError.ts';

const jwt = { issuer: 'https://id.example.com/tenant', audience: ['my-app'] };

describe('from the context', () => {
  test('nothing: IAM credentials, no website', () => {
    expect(apiOptionsOf({})).toEqual({});
    expect(apiOptionsOf({ apiJwtIssuer: '', apiJwtAudience: ' ', apiOrigins: ',' })).toEqual({});
  });

  test('an issuer, audiences and origins, each once', () => {
    expect(
      apiOptionsOf({
        apiJwtIssuer: ' https://id.example.com/tenant ',
        apiJwtAudience: 'my-app, other,my-app',
        apiOrigins: 'https://app.example.com,http://localhost:5173,https://app.example.com',
      }),
    ).toEqual({
      jwt: { issuer: 'https://id.example.com/tenant', audience: ['my-app', 'other'] },
      origins: ['https://app.example.com', 'http://localhost:5173'],
    });
  });

  test('an issuer without an audience, or the other way round, is refused', () => {
    const issuerOnly = () => apiOptionsOf({ apiJwtIssuer: jwt.issuer });
    expect(issuerOnly).toThrow(SynthError);
    expect(issuerOnly).toThrow('There is apiJwtIssuer but no apiJwtAudience');
    expect(() => apiOptionsOf({ apiJwtAudience: 'a' })).toThrow(
      'There is apiJwtAudience but no apiJwtIssuer',
    );
  });
});

describe('an issuer', () => {
  test.each(['https://id.example.com', 'https://id.example.com/a/b/', 'http://localhost:8080/realm'])(
    'may be %s',
    (issuer) => {
      expect(checkedApiOptions({ jwt: { ...jwt, issuer } })).toEqual({ jwt: { ...jwt, issuer } });
    },
  );

  test('may be made by the stack itself, such as a user pool', () => {
    const issuer = Lazy.string({ produce: () => 'x' });
    expect(checkedApiOptions({ jwt: { ...jwt, issuer } }).jwt?.issuer).toBe(issuer);
  });

  test.each([
    'id.example.com',
    'http://id.example.com',
    'https://id.example.com?a=b',
    'https://id.example.com/#x',
    'ftp://x',
    '',
  ])('cannot be %j', (issuer) => {
    expect(() => checkedApiOptions({ jwt: { ...jwt, issuer } })).toThrow(
      `'${issuer}' is no issuer of tokens: API Gateway takes an https URL`,
    );
  });
});

test.each([[[]], [['']], ['my-app']])('an audience cannot be %j', (audience) => {
  expect(() => checkedApiOptions({ jwt: { ...jwt, audience: audience as string[] } })).toThrow(
    "The audience of the API's tokens is",
  );
});

describe('an origin', () => {
  test.each(['https://app.example.com', 'http://127.0.0.1:8080', '*'])('may be %s', (origin) => {
    expect(checkedApiOptions({ origins: [origin] }).origins).toEqual([origin]);
  });

  test.each([
    'app.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://App.example.com',
    'https://app.example.com:443',
    'file:///x',
    '',
  ])('cannot be %j, which no browser sends', (origin) => {
    expect(() => checkedApiOptions({ origins: ['https://ok.example.com', origin] })).toThrow(
      `'${origin}' in the API's origins is no website's origin`,
    );
  });
});
