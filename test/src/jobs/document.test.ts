import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NonRetryableError } from '../../../src/job/index.ts';
import { decode } from '../../../src/jobs/document/decode.ts';
import { tableLayout, textLayout, wrap } from '../../../src/jobs/document/layout.ts';

describe('the text of a file', () => {
  const bytesOf = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding);

  test.each([
    ['UTF-8', bytesOf('Größe €')],
    ['UTF-8 with a byte order mark', bytesOf('\uFEFFGröße €')],
    ['Windows-1252', Buffer.from([0x47, 0x72, 0xf6, 0xdf, 0x65, 0x20, 0x80])],
    ['UTF-16, little endian', bytesOf('\uFEFFGröße €', 'utf16le')],
    ['UTF-16, big endian', Buffer.from(bytesOf('\uFEFFGröße €', 'utf16le')).swap16()],
  ])('is read from %s', (_encoding, bytes) => {
    expect(decode(bytes, 'a.txt')).toBe('Größe €');
  });

  test('has one kind of line end', () => {
    expect(decode(bytesOf('a\r\nb\rc\nd\u2028e\r\n'), 'a.txt')).toBe('a\nb\nc\nd\ne\n');
  });

  test.each([
    ['empty', Buffer.alloc(0), 'list.csv is empty'],
    ['blank', bytesOf('\uFEFF \r\n\t'), 'list.csv is empty'],
    ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0]), 'list.csv is not a text'],
  ])('cannot be read from a file that is %s, and trying again is pointless', (_what, bytes, message) => {
    expect(() => decode(bytes, 'list.csv')).toThrow(NonRetryableError);
    expect(() => decode(bytes, 'list.csv')).toThrow(message);
  });
});

describe('a table', () => {
  test.each([
    ['commas', 'id,name\n1,"Hopper, ""Amazing"" Grace"\n'],
    ['semicolons', 'id;name\n1;"Hopper, ""Amazing"" Grace"\n'],
    ['tabs', 'id\tname\n1\tHopper, "Amazing" Grace\n'],
  ])('is read with %s, and stands in columns below its header', (_delimiter, text) => {
    expect(tableLayout(text, 80)).toEqual({
      head: ['id    name                   ', '----  -----------------------'],
      lines: ['1     Hopper, "Amazing" Grace'],
    });
  });

  test('gives narrow columns what they want, and wraps wide cells into the rest', () => {
    const { head, lines } = tableLayout(`id,text\n7,${'word '.repeat(20)}\n`, 30);
    for (const line of [...head, ...lines]) expect(line.length).toBeLessThanOrEqual(30);
    expect(lines.join(' ').match(/word/g)).toHaveLength(20);
    expect(lines[0]).toMatch(/^7 {5}word/);
  });

  test('whatever its cells hold, every cell is in a line', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'ö') });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 }), (rows) => {
        const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
        const text = [['a', 'b'], ...rows].map((row) => row.map(quoted).join(',')).join('\n');
        const count = (all: string) => all.match(/ö/g)?.length ?? 0;
        expect(count(tableLayout(text, 20).lines.join(''))).toBe(count(rows.flat().join('')));
      }),
    );
  });

  test.each([
    ['a quote that never ends', 'a,b\n1,"four\n', 'row 2 of the table cannot be read'],
    ['no row', '\n\n', 'the table has no row'],
    [
      'more columns than a page has room for',
      'a,'.repeat(30),
      'the table has 31 columns; a page has room for',
    ],
  ])('with %s is refused', (_what, text, message) => {
    expect(() => tableLayout(text, 100)).toThrow(NonRetryableError);
    expect(() => tableLayout(text, 100)).toThrow(message);
  });
});

describe('a long line', () => {
  test.each([
    ['that fits stays one', 'a b', 3, ['a b']],
    ['breaks between words', 'one two three', 8, ['one two', 'three']],
    ['breaks within a word that is too long', 'abcdefgh', 3, ['abc', 'def', 'gh']],
    ['keeps its indent', '  ab cd', 5, ['  ab', 'cd']],
    ['has one part even when it is empty', '', 3, ['']],
  ])('%s', (_what, line, width, parts) => {
    expect(wrap(line, width)).toEqual(parts);
  });

  test('whatever it is, no part is too wide, and no character but spaces is lost', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-') });
    fc.assert(
      fc.property(line, fc.integer({ min: 1, max: 12 }), (text, width) => {
        const { lines } = textLayout(text, width);
        for (const part of lines) expect(part.length).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});
