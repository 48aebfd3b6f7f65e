import { expect, test } from '@jest/globals';
import type { JobContext } from '../../../src/job/index.ts';
import GreetingJob from '../../../src/jobs/GreetingJob.ts';

test('greets by name', async () => {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const context: JobContext = {
    ...{ jobName: 'GreetingJob', jobId: 'job-1', attempt: 1, maxAttempts: 5 },
    log: { debug: say, info: say, warn: say, error: say },
    signal: new AbortController().signal,
    progress: () => {},
  };
  await GreetingJob.run({ friendName: 'Hank' }, context);
  expect(lines).toEqual([expect.stringContaining('Hank!')]);
});
