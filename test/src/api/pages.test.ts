import { describe, expect, test } from '@jest/globals';
import { apiFixture } from './apiFixture.ts';

describe('a page', () => {
  test.each([
    ['upload', 'text/html; charset=utf-8'],
    ['upload.html', 'text/html; charset=utf-8'],
    ['upload.js', 'text/javascript; charset=utf-8'],
  ])('%s is served as %s, and may talk to the API and to S3 only', async (name, type) => {
    const response = await apiFixture().request(`/pages/${name}?job=DocumentJob`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy.split('; ').slice(0, 2)).toEqual([
      "default-src 'self'",
      "connect-src 'self' https://files.test",
    ]);
    expect(policy).not.toContain('unsafe');
    expect((await response.text()).length).toBeGreaterThan(0);
  });

  test('is not sent again to who has it', async () => {
    const api = apiFixture();
    const etag = (await api.request('/pages/upload')).headers.get('etag') ?? '';
    expect((await api.request('/pages/upload', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  test('is served without S3 where that is not known, and asks again', async () => {
    let isKnown = false;
    const origin = async () => {
      if (!isKnown) throw new Error('no credentials');
      return 'https://files.test';
    };
    const { files } = { files: { origin, upload: async () => never(), download: async () => never() } };
    const api = apiFixture({ files });
    const policy = async () => (await api.request('/pages/upload')).headers.get('content-security-policy');
    expect(await policy()).toContain("connect-src 'self';");
    isKnown = true;
    expect(await policy()).toContain('https://files.test');
  });
});

function never(): never {
  throw new Error('not asked for');
}
