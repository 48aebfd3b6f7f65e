import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { transform } from 'esbuild';
import { RetryAfter } from '../../../src/job/index.ts';
import { describeThrown } from '../../../src/runtime/thrown.ts';

const textOf = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
const yourJobs = textOf('../../../docs/your-jobs.md');

test('the documented unit test of a job is one that runs', () => {
  expect(yourJobs).toContain(textOf('./GreetingJob.test.ts'));
});

describe('the documented way to obey a Retry-After header', () => {
  test('takes seconds', async () => {
    expect((await thrownFor('120')).delaySeconds).toBe(120);
    expect((await thrownFor('0')).delaySeconds).toBe(0);
  });

  test('takes an HTTP date', async () => {
    const { delaySeconds } = await thrownFor(new Date(Date.now() + 600_000).toUTCString());
    expect(delaySeconds).toBeGreaterThan(590);
    expect(delaySeconds).toBeLessThanOrEqual(600);
  });

  test.each([undefined, 'soon', 'Wed, 21 Oct 2015 07:28:00 GMT'])('makes %p a minute', async (header) => {
    expect((await thrownFor(header)).delaySeconds).toBe(60);
  });

  test('keeps what the service answered as the cause, for the dead letter', async () => {
    const { message, stack } = describeThrown(await thrownFor('120'));
    expect(message).toBe('the shop is busy (Retry-After: 120)');
    expect(stack).toContain('caused by: Error: not now');
  });
});

/** What the example throws when the service answers 429 with that header. */
async function thrownFor(header: string | undefined): Promise<RetryAfter> {
  const [, example = ''] = /## A service that says "later".*?```ts\n(.*?)```/s.exec(yourJobs) ?? [];
  const { code } = await transform(`async function run() {${example}}`, { loader: 'ts' });
  const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': header };
  const response = new Response('not now', { status: 429, headers });
  const run = new Function('fetch', 'RetryAfter', 'url', 'signal', `${code} return run();`);
  const thrown: unknown = await run(async () => response, RetryAfter, '', undefined).catch(
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(RetryAfter);
  return thrown as RetryAfter;
}
