import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { checkInspected, InspectError } from '../../../local/platform/inspect.ts';
import { type Platform, startPlatform } from '../../../local/platform/platform.ts';
import { eventually } from '../aws/fixtures/assembly/eventually.ts';
import { jobResources, topicResource, writeAssembly } from '../aws/fixtures/assembly/writeAssembly.ts';

let root: string;
let platform: Platform | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'inspect-'));
});
afterEach(async () => {
  await platform?.stop({ drainMs: 0 });
  platform = undefined;
  await rm(root, { recursive: true, force: true });
});

test('an inspected job runs in one process with Node’s inspector, and never times out', async () => {
  const lines: string[] = [];
  const resources = jobResources('Slow', 'code');
  Object.assign(resources.SlowFunction?.Properties ?? {}, { FunctionName: 'jobs-dev-Slow', Timeout: 1 });
  Object.assign(resources.SlowMapping?.Properties ?? {}, { BatchSize: 1 });
  platform = await startPlatform({
    assemblyDirectory: await writeAssembly(
      join(root, 'cdk.out'),
      { test: { Resources: { ...topicResource, ...resources } } },
      {
        code: `import { url } from 'node:inspector';
          let running = 0;
          export const handler = async (event, context) => {
            running += 1;
            await new Promise((resolve) => setTimeout(resolve, 1500)); // more than its timeout
            const isLong = context.getRemainingTimeInMillis() > 3_600_000;
            console.log(['done', process.pid, running, new URL(url()).host, isLong].join(' '));
            running -= 1;
            return { batchItemFailures: [] };
          };`,
      },
    ),
    stateDirectory: join(root, '.local'),
    port: 0,
    inspect: 'Slow',
    onEvent: (event) => void (event.type === 'log' && lines.push(event.line.text)),
  });
  await Promise.all([1, 2].map((payload) => platform?.publish({ jobName: 'Slow', payload })));
  const done = () => lines.filter((line) => line.startsWith('done'));
  await eventually('both are done', () => done().length === 2, 30_000);
  const [first, second] = done();
  expect(first).toBe(second);
  expect(first).toMatch(/^done \d+ 1 127\.0\.0\.1:9229 true$/);
});

test.each([
  ['a misspelt name', 'GretingJob', "--inspect: there is no job 'GretingJob'. Did you mean GreetingJob?"],
  ['a name that none is near', 'Invoices', "--inspect: there is no job 'Invoices'. There are: GreetingJob"],
  [
    'a job without a function',
    'ReportJob',
    '--inspect: ReportJob runs on Fargate, not in a function. There are: GreetingJob',
  ],
])('%s is refused', async (_what, name, message) => {
  const { ReportJobFunction, ReportJobMapping, ...report } = jobResources('ReportJob', 'code');
  const assembly = await writeAssembly(
    join(root, 'cdk.out'),
    { test: { Resources: { ...topicResource, ...jobResources('GreetingJob', 'code'), ...report } } },
    { code: '' },
  );
  const refusal = checkInspected(name, assembly);
  await expect(refusal).rejects.toThrow(InspectError);
  await expect(refusal).rejects.toThrow(new InspectError(message));
});
