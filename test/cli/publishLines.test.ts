import { PassThrough, Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { type AnyJobs, type LineResult, publishLines } from '../../cli/publish/lines.ts';
import type { Publisher } from '../../src/index.ts';
import { publishStream } from '../../src/publisher/stream.ts';
import { until } from '../local/aws/lambda/processes.ts';

/** Publishes nowhere, by batches as any publisher does. */
const publisher = {
  publishStream: (items: Parameters<typeof publishStream>[0]) =>
    publishStream(items, {
      jobIdOf: ({ payload }) => String(payload),
      prepare: async (_, jobId) => ({ jobId, jobName: 'J', body: '', attributes: {}, bytes: 2 }) as never,
      send: async (messages) =>
        messages.map(({ jobId }) => ({ status: 'published', jobId, messageId: 'm' }) as const),
    }),
} as unknown as Publisher<AnyJobs>;

const publish = (input: Readable, signal?: AbortSignal) =>
  publishLines(publisher, input, async (name) => name, {
    jobName: 'J',
    group: undefined,
    ...(signal && { signal }),
  });

/** Many lines, each of its number. */
async function* many(lineOf: (number: number) => string) {
  for (let number = 1; number <= 6_000; number += 1) yield Buffer.from(`${lineOf(number)}\n`);
}

test('lines that cannot be read are yielded while the input goes on, however many', async () => {
  let taken = 0;
  const unreadable = (number: number): string => {
    taken = number;
    return 'not json';
  };
  let next = 1;
  for await (const { line, outcome } of publish(Readable.from(many(unreadable)))) {
    expect([line, 'error' in outcome]).toEqual([next, true]);
    if (taken - line > 2_000) throw new Error(`${taken} lines are taken, and ${line} yielded`);
    next += 1;
  }
  expect(next).toBe(6_001);
});

test('results come in the order of the lines, whichever of them can be read', async () => {
  // More than a thousand of one kind in a row, and some mixed.
  const isGood = (number: number): boolean =>
    number % 3_000 < 1_200 || (number % 3_000 > 2_400 && number % 3 === 0);
  const results: LineResult[] = [];
  for await (const result of publish(Readable.from(many((n) => (isGood(n) ? String(n) : 'x'))))) {
    results.push(result);
  }
  expect(results).toHaveLength(6_000);
  for (const [index, { line, jobId, outcome }] of results.entries()) {
    const number = index + 1;
    expect([line, jobId, 'messageId' in outcome]).toEqual(
      isGood(number) ? [number, String(number), true] : [number, undefined, false],
    );
  }
});

test('aborted while it waits for input, it publishes what it has taken and ends', async () => {
  const input = new PassThrough();
  const abort = new AbortController();
  const published: LineResult[] = [];
  const ended = (async () => {
    for await (const result of publish(input, abort.signal)) published.push(result);
  })();
  input.write('1\nx\n3\n4');
  await until(() => input.readableLength === 0);
  abort.abort();
  await ended;
  expect(published.map(({ line, jobId }) => [line, jobId])).toEqual([
    [1, '1'],
    [2, undefined],
    [3, '3'],
  ]);
});

test('aborted, it takes no more lines, though they are there', async () => {
  const abort = new AbortController();
  const results: LineResult[] = [];
  for await (const result of publish(Readable.from(many(String)), abort.signal)) {
    results.push(result);
    if (results.length === 30) abort.abort();
  }
  expect(results.length).toBeGreaterThanOrEqual(30);
  expect(results.length).toBeLessThan(100);
  expect(results.map(({ line }) => line)).toEqual(results.map((_, index) => index + 1));
});
