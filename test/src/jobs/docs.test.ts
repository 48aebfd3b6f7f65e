import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('the documented unit test of a job is one that runs', () => {
  const textOf = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
  expect(textOf('../../../docs/your-jobs.md')).toContain(textOf('./GreetingJob.test.ts'));
});
