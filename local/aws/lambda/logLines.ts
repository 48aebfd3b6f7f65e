import type { Readable } from 'node:stream';

/** CloudWatch Logs cuts an event at 1 MiB; so does a line that never ends here. */
const MAX_LINE_CHARACTERS = 1_048_576;

/** Calls `onLine` for every complete line of a stream, and for what is left when it ends. */
export function splitLines(stream: Readable, onLine: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE_CHARACTERS) flush();
  });
  stream.on('end', flush);
  stream.on('error', flush);

  function flush(): void {
    if (rest) onLine(rest);
    rest = '';
  }
}
