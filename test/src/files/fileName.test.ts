import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maxFileNameBytes, safeFileName } from '../../../src/files/keys.ts';

describe('a file name that is safe everywhere', () => {
  test.each([
    ['stays as it is', 'Umsätze 2026 (final).csv', 'Umsätze 2026 (final).csv'],
    ['loses its path', '../../etc/passwd', 'passwd'],
    ['loses a Windows path', 'C:\\fakepath\\list.csv', 'list.csv'],
    ['is no step upwards', '..', 'file'],
    ['is not hidden', '.env', 'env'],
    ['does not end in dots or spaces', 'list.csv. . ', 'list.csv'],
    ['has no control character', 'a\u0000b\r\n.txt', 'ab.txt'],
    ['has nothing that turns its text around', 'invoice\u202Efdp.exe', 'invoicefdp.exe'],
    ['has no reserved character', 'a:b*c?.txt', 'a-b-c-.txt'],
    ['is composed', 'e\u0301.txt', 'é.txt'],
    ['is never empty', '///', 'file'],
  ])('%s: %j', (_says, given, safe) => {
    expect(safeFileName(given)).toBe(safe);
  });

  test('a long one is cut between characters and keeps its ending', () => {
    const name = safeFileName(`${'日本語'.repeat(200)}.csv`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(maxFileNameBytes);
    expect(name).toMatch(/^(日|本|語)+\.csv$/);
  });

  test('whatever is given, it is one segment of a key, and safe is safe', () => {
    const unit = fc.oneof(
      fc.constantFrom('.', '/', '\\', ' ', '\u0000', '\u202E', '\uD800', 'a'),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 300 }), (parts) => {
        const name = safeFileName(parts.join(''));
        expect(name).not.toMatch(/[/\\\p{Cc}\p{Cf}\p{Cs}]|^[. ]|[. ]$|^$/u);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(maxFileNameBytes);
        expect(safeFileName(name)).toBe(name);
      }),
    );
  });
});
