import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPayloadKey } from '../../../src/message/pointer.ts';
import { payloadKey } from '../../../src/publisher/payloadStore.ts';

describe("a payload's key", () => {
  test('is that of the contract for IDs of the usual kind', () => {
    expect(payloadKey('GreetingJob', '0190-af_3')).toBe('payloads/GreetingJob/0190-af_3.json');
    expect(payloadKey('GreetingJob', '../a b')).toBe('payloads/GreetingJob/%2E%2E%2Fa%20b.json');
  });

  test('is one that the job may read, and fits S3, whatever the ID', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2000 }), (jobId) => {
        const key = payloadKey('GreetingJob', jobId);
        expect(isPayloadKey(key, 'GreetingJob')).toBe(true);
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024);
      }),
    );
  });

  test('belongs to one ID alone, also where it had to be cut', () => {
    const ids = [
      'a.b',
      'a%2Eb',
      'A.b',
      '.',
      '..',
      `${'x'.repeat(600)}1`,
      `${'x'.repeat(600)}2`,
      'ü',
      '%C3%BC',
    ];
    expect(new Set(ids.map((id) => payloadKey('GreetingJob', id))).size).toBe(ids.length);
  });
});

test.each([
  'payloads/OtherJob/1.json',
  'payloads/GreetingJob',
  'payloads/GreetingJob/',
  'payloads/GreetingJob/..',
  'payloads/GreetingJob/../OtherJob/1.json',
  'payloads/GreetingJob/a/b.json',
  'payloads/GreetingJob//b.json',
  'payloads/GreetingJob/.hidden',
  'payloads/GreetingJob/a\\..\\b',
  'payloads/GreetingJob/a?versionId=1',
  'payloads/GreetingJob/a\n',
  'x/payloads/GreetingJob/1.json',
  'uploads/GreetingJob/1.json',
  'Payloads/GreetingJob/1.json',
  '',
  undefined,
  null,
  7,
  {},
])('%j is no key of a payload', (key) => {
  expect(isPayloadKey(key, 'GreetingJob')).toBe(false);
});
