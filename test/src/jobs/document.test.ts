import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import { NonRetryableError } from '../../../src/job/index.ts';
import { parseCsv } from '../../../src/jobs/document/csv.ts';
import { decode } from '../../../src/jobs/document/decode.ts';
import { margin, newPage, wrap } from '../../../src/jobs/document/page.ts';
import { tablePages } from '../../../src/jobs/document/tablePages.ts';
import { textPages } from '../../../src/jobs/document/textPages.ts';
import { toWinAnsi } from '../../../src/jobs/document/winAnsi.ts';

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
    ['empty', Buffer.alloc(0), 'list.csv is empty: choose a file that has text'],
    ['blank', bytesOf('\uFEFF \r\n\t'), 'list.csv is empty'],
    ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]), 'list.csv is no text'],
  ])('of one that is %s cannot be had, and trying again is pointless', (_what, bytes, message) => {
    expect(() => decode(bytes, 'list.csv')).toThrow(NonRetryableError);
    expect(() => decode(bytes, 'list.csv')).toThrow(message);
  });
});

describe('CSV', () => {
  const records = (text: string) => [...parseCsv(text, 100)];

  test.each([
    [
      'plain fields',
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'no line end at the end',
      'a,b\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'empty fields',
      ',\n,,\n',
      [
        ['', ''],
        ['', '', ''],
      ],
    ],
    ['quoted delimiters, quotes and line ends', '"a,b","say ""hi""","x\ny"\n', [['a,b', 'say "hi"', 'x\ny']]],
    ['an empty quoted field', '"",a\n', [['', 'a']]],
    ['quotes only of quotes', '"""",""""""\n', [['"', '""']]],
    ['a quote within an unquoted field', '6" pipe,a"b"\n', [['6" pipe', 'a"b"']]],
    ['text behind a quoted field', '"a"b,c\n', [['ab', 'c']]],
    ['empty lines', 'a\n\n\nb\n', [['a'], ['b']]],
    ['records of different lengths', 'a,b\n1\n1,2,3\n', [['a', 'b'], ['1'], ['1', '2', '3']]],
    [
      'semicolons',
      'a;b\n1,5;2\n',
      [
        ['a', 'b'],
        ['1,5', '2'],
      ],
    ],
    ['semicolons beside quoted commas', '"a,b,c";d\n', [['a,b,c', 'd']]],
    [
      'tabs',
      'a\tb\n1,5\t2\n',
      [
        ['a', 'b'],
        ['1,5', '2'],
      ],
    ],
    ['a spreadsheet’s own sep= line', 'sep=|\na|b,c\n', [['a', 'b,c']]],
  ])('with %s', (_what, text, expected) => {
    expect(records(text)).toEqual(expected);
  });

  test('with a quote that never ends says on which line it begins', () => {
    expect(() => records('a,b\n1,2\n3,"four\n5,6\n')).toThrow(NonRetryableError);
    expect(() => records('a,b\n1,2\n3,"four\n5,6\n')).toThrow('line 3 begins a field with a quote');
  });

  test('with more columns than a page has room for says on which line', () => {
    expect(() => [...parseCsv('a,b\n1,2,3\n', 2)]).toThrow('line 2 has more than 2 columns');
  });

  test('whatever the fields hold, what was written by the rules is read back', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '\t', ' ', 'ö') });
    const record = fc.array(field, { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), (table) => {
        const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
        const text = `sep=,\n${table.map((row) => row.map(quoted).join(',')).join('\n')}\n`;
        expect(records(text)).toEqual(table);
      }),
    );
  });
});

describe('a text for PDF’s standard fonts', () => {
  test.each([
    ['stays as it is', 'Größe: 5 €, “so” – wie’s ist…', 'Größe: 5 €, “so” – wie’s ist…', 0],
    ['keeps tabs, line ends and form feeds', 'a\tb\nc\f', 'a\tb\nc\f', 0],
    ['is composed', 'cafe\u0301', 'café', 0],
    ['loses accents that the fonts do not have', 'ő ș Ż', 'o s Z', 0],
    ['gets letters without their stroke', 'Łódź, Đặng', 'Lódz, Dang', 0],
    ['spells out ligatures, fractions and signs', 'ﬁn ⅓ ① № → ≤', 'fin 1/3 1 No -> <=', 0],
    ['draws boxes with plain characters', '┌─┐│└─┘', '+-+|+-+', 0],
    ['has no control or invisible character', 'a\u0000\u0007b\u200B\u202Ec\uFEFF', 'abc', 0],
    ['has no terminal colours', '\u001B[1;31mred\u001B[0m', 'red', 0],
    ['shows a question mark for each character of another script', '日本 ф', '?? ?', 3],
    ['shows one question mark for an emoji of many code points', '👩‍👩‍👧‍👦👍🏽🇩🇪!', '???!', 3],
    ['shows one for half a surrogate pair', 'a\uD83Db', 'a?b', 1],
  ])('%s', (_what, given, text, replaced) => {
    expect(toWinAnsi(given)).toEqual({ text, replaced });
  });

  test('whatever is given, the fonts have all that is left, and a second time nothing changes', async () => {
    const document = await PDFDocument.create();
    const font = await document.embedFont(StandardFonts.Helvetica);
    const has = new Set(font.getCharacterSet());
    const given = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(given, (text) => {
        const shown = toWinAnsi(text).text;
        const missing = [...shown].filter((c) => !has.has(c.codePointAt(0) ?? 0) && !'\t\n\f'.includes(c));
        expect(missing).toEqual([]);
        expect(toWinAnsi(shown)).toEqual({ text: shown, replaced: 0 });
      }),
      { numRuns: 500 },
    );
  });
});

describe('a long line', () => {
  const byCount = (text: string) => text.length;

  test.each([
    ['that fits stays one', 'a b', 3, ['a b']],
    ['breaks between words', 'one two three', 8, ['one two', 'three']],
    ['breaks within a word that is too long', 'abcdefgh', 3, ['abc', 'def', 'gh']],
    ['keeps the spaces within it', 'a   b c', 5, ['a   b', 'c']],
    ['keeps its indent, also before a word that is too long', '  abcdef', 4, ['  ab', 'cdef']],
    ['has one part even when it is empty', '', 3, ['']],
    ['has one character in a part at least', 'ab', 0.5, ['a', 'b']],
  ])('%s', (_what, line, width, parts) => {
    expect(wrap(line, width, byCount)).toEqual(parts);
  });

  test('whatever it is, no part is too wide, and no character but spaces is lost', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-') });
    fc.assert(
      fc.property(line, fc.integer({ min: 1, max: 12 }), (text, width) => {
        const parts = wrap(text, width, byCount);
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(width);
        expect(parts.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});

describe('pages', () => {
  const widthOf = (text: string) => text.length * 6;

  test('hold a text’s lines within their margins; a form feed begins a new one', () => {
    const text = `${Array.from({ length: 150 }, (_, index) => `line ${index}`).join('\n')}\fnext`;
    const pages = [...textPages(text, 'Title', widthOf)];
    expect(pages.length).toBeGreaterThan(2);
    for (const { lines, height } of pages) {
      for (const { y } of lines) {
        expect(y).toBeGreaterThanOrEqual(margin);
        expect(y).toBeLessThan(height - margin);
      }
    }
    expect(pages.at(-1)?.lines.map((line) => line.text)).toEqual(['next']);
  });

  test('bring tabs to columns of eight', () => {
    const [page] = textPages('a\tb\n1234567\t8\n12345678\t9', 'T', widthOf);
    expect(page?.lines.slice(1).map(({ text }) => text)).toEqual([
      'a       b',
      '1234567 8',
      '12345678        9',
    ]);
  });

  test('repeat a table’s header, and lose no cell of a row that is longer than a page', () => {
    const long = Array.from({ length: 120 }, (_, index) => `part-${index}`);
    const pages = [
      ...tablePages(
        [
          ['id', 'text'],
          ['1', long.join('\n')],
          ['2', 'end'],
        ],
        'T',
        widthOf,
      ),
    ];
    expect(pages.length).toBeGreaterThan(1);
    for (const { lines } of pages) {
      expect(lines.filter(({ style }) => style === 'head').map(({ text }) => text)).toEqual(['id', 'text']);
      for (const { y } of lines) expect(y).toBeGreaterThanOrEqual(margin);
    }
    const cells = pages.flatMap(({ lines }) => lines.filter(({ style }) => style === 'cell'));
    expect(cells.map(({ text }) => text)).toEqual(expect.arrayContaining([...long, '1', '2', 'end']));
    expect(cells).toHaveLength(123);
  });

  test('stand columns of numbers on the right, within the page', () => {
    const [page] = tablePages(
      [
        ['name', 'amount'],
        ['a', '5.00'],
        ['b', '1,234.00'],
        ['c', ''],
      ],
      'T',
      widthOf,
    );
    const ends = page?.lines
      .filter(({ text }) => /\.00|amount/.test(text))
      .map(({ x, text }) => x + widthOf(text));
    expect(new Set(ends?.map((end) => end.toFixed(3))).size).toBe(1);
    expect(ends?.[0]).toBeLessThan(newPage().width - margin);
  });

  test('lie on their side for a wide table, whose cells are wrapped into their columns', () => {
    const cell = 'word '.repeat(20).trim();
    const rows = [Array(8).fill('Head'), Array(8).fill(cell)];
    const [page] = tablePages(rows, 'T', widthOf);
    expect(page?.width).toBeGreaterThan(page?.height ?? 0);
    for (const { x, text } of page?.lines ?? []) {
      expect(x + widthOf(text)).toBeLessThanOrEqual((page?.width ?? 0) - margin);
    }
  });
});
