import { expect, test } from '@jest/globals';
import { greeting } from '../../../local/platform/start.ts';
import { greetingJob, standInPlatform } from '../console/platform.ts';

const told = async (names: readonly string[]) => {
  const jobs = names.map((name) => ({ ...greetingJob, name }));
  return greeting(await standInPlatform({ jobs }).snapshot());
};

test('what is ready says how to publish to a job that is there', async () => {
  expect(await told(['AJob', 'GreetingJob'])).toContain(
    `npm run jobs -- publish GreetingJob '{"friendName":"Hank"}'`,
  );
  expect(await told(['AJob', 'BJob'])).toContain(`npm run jobs -- publish AJob '{ … }'`);
  expect(await told(['AJob', 'BJob'])).toContain('Serving 2 jobs: AJob, BJob\n');
});

test('where there is no job it says how to get one', async () => {
  const text = await told([]);
  expect(text).toContain('add a file to src/jobs');
  expect(text).toContain('Serving 0 jobs\n');
  expect(text).not.toMatch(/publish \w+Job|export|undefined/);
});
