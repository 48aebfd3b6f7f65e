/** A line of text; the first one is number 1. */
export interface Line {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * Splits a stream at LF and nothing else, as JSON Lines wants it: Node's readline also splits at U+2028 and U+2029,
 * which JSON allows inside a string.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 0;
  let open: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      number += 1;
      yield { number, bytes: Buffer.concat([...open, chunk.subarray(start, end)]) };
      [open, start] = [[], end + 1];
    }
    if (start < chunk.length) open.push(chunk.subarray(start));
  }
  if (open.length > 0) yield { number: number + 1, bytes: Buffer.concat(open) };
}

/**
 * The JSON value of a line; undefined for a blank one.
 * @throws {SyntaxError} when it is no JSON, or no UTF-8
 */
export function parseLine({ bytes }: Line): unknown {
  const text = textOf(bytes).trim();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`not JSON: ${(cause as Error).message}`, { cause });
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new SyntaxError('not UTF-8: save the file in that encoding', { cause });
  }
}

/** Leaves out a byte order mark; does not replace what it cannot read, which would change the payload. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

const lineFeed = 0x0a;
