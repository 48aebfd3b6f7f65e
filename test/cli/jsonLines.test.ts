import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { linesOf, parseLine } from '../../cli/publish/lines.ts';

async function lines(...chunks: Buffer[]) {
  async function* each() {
    yield* chunks;
  }
  const found: [number, string][] = [];
  for await (const { number, bytes } of linesOf(each())) found.push([number, Buffer.from(bytes).toString()]);
  return found;
}

const line = (bytes: Uint8Array | string) => ({ number: 1, bytes: Buffer.from(bytes) });

test('a stream is split at LF alone, wherever its chunks end', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'ü', '😀', '\u2028', '\r', '\n') });
  await fc.assert(
    fc.asyncProperty(text, fc.nat(), fc.nat(), async (whole, one, other) => {
      const bytes = Buffer.from(whole);
      const [from, to] = [one % (bytes.length + 1), other % (bytes.length + 1)].sort((a, b) => a - b) as [
        number,
        number,
      ];
      const expected = whole.split('\n').map((part, index) => [index + 1, part] as [number, string]);
      if (expected.at(-1)?.[1] === '') expected.pop();
      expect(await lines(bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to))).toEqual(
        expected,
      );
    }),
  );
});

describe('a line', () => {
  test.each<[string, unknown]>([
    ['{"a":1}\r', { a: 1 }],
    ['\uFEFFnull', null],
    ['"a\u2028b"', 'a\u2028b'],
    [' \t', undefined],
    ['', undefined],
  ])('%j is read', (text, value) => {
    expect(parseLine(line(text))).toEqual(value);
  });

  test('that is not JSON, or not UTF-8, is an error that says so', () => {
    expect(() => parseLine(line('{'))).toThrow(/^not JSON: /);
    expect(() => parseLine(line(Buffer.from('"\xe9"', 'latin1')))).toThrow(
      'not UTF-8: save the file in that encoding',
    );
  });
});
