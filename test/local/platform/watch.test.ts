import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { aborted } from '../../../local/platform/commandEnd.ts';
import { type Watching, watchProject } from '../../../local/platform/watch.ts';
import { eventually } from '../aws/fixtures/assembly/eventually.ts';

let project: string;
let watching: Watching;
let calls: number;
let outdated: AbortSignal[];
/** The end of each call; undefined: when it is told that it is outdated. */
let hold: Promise<void> | undefined;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'watch-'));
  await mkdir(join(project, 'src/jobs'), { recursive: true });
  await write('src/jobs/A.ts', '1');
  await write('cdk.json', '{}');
  calls = 0;
  outdated = [];
  hold = Promise.resolve();
  watching = await watchProject({
    projectDirectory: project,
    debounceMs: 20,
    onChange: (signal) => {
      calls += 1;
      outdated.push(signal);
      return hold ?? aborted(signal);
    },
    onWarning: (text) => {
      throw new Error(text);
    },
  });
});
afterEach(async () => {
  await watching.stop();
  await rm(project, { recursive: true, force: true });
});

const write = (file: string, text: string) => writeFile(join(project, file), text);
const called = (times: number) => eventually(`${times} calls`, () => calls === times);

test('goes on seeing a file that was replaced: by rename, twice, then edited, removed and made again', async () => {
  for (const text of ['2', '3']) {
    await write('src/jobs/A.ts.tmp', text);
    await rename(join(project, 'src/jobs/A.ts.tmp'), join(project, 'src/jobs/A.ts'));
    await called(Number(text) - 1);
  }
  await write('src/jobs/A.ts', '4');
  await called(3);
  await rm(join(project, 'src/jobs/A.ts'));
  await called(4);
  await write('src/jobs/A.ts', '5');
  await called(5);
});

test('sees what is in a folder that was removed and made again', async () => {
  await rm(join(project, 'src/jobs'), { recursive: true });
  await called(1);
  await mkdir(join(project, 'src/jobs'));
  await write('src/jobs/A.ts', '2');
  await called(2);
  await write('src/jobs/A.ts', '3');
  await called(3);
});

test('sees edits, saves by rename, new files and folders, removals, and cdk.json', async () => {
  await write('src/jobs/A.ts', '2');
  await called(1);
  for (const text of ['3', '4']) {
    await write('src/jobs/A.ts.tmp', text);
    await rename(join(project, 'src/jobs/A.ts.tmp'), join(project, 'src/jobs/A.ts'));
    await called(Number(text) - 1);
  }
  await write('src/jobs/B.ts', '1');
  await called(4);
  await mkdir(join(project, 'src/shared'));
  await write('src/shared/C.ts', '1');
  await called(5);
  await rm(join(project, 'src/jobs/B.ts'));
  await called(6);
  await write('cdk.json.tmp', '{"a":1}');
  await rename(join(project, 'cdk.json.tmp'), join(project, 'cdk.json'));
  await called(7);
});

test('sees a cdk.context.json that appears, is replaced and goes', async () => {
  await write('cdk.context.json', '{}');
  await called(1);
  await write('cdk.context.json.tmp', '{"a":1}');
  await rename(join(project, 'cdk.context.json.tmp'), join(project, 'cdk.context.json'));
  await called(2);
  await rm(join(project, 'cdk.context.json'));
  await called(3);
});

test('does not call for the same content, generated files or other files', async () => {
  await write('src/jobs/A.ts', '1');
  await write('src/jobs.generated.ts', 'x');
  await write('README.md', 'x');
  await sleep(150); // several debounces: there is no event to await for what must not happen
  expect(calls).toBe(0);
  await write('src/jobs/A.ts', '2');
  await called(1);
});

test('edits during a call lead to one more', async () => {
  let release = () => {};
  hold = new Promise((resolve) => {
    release = resolve;
  });
  await write('src/jobs/A.ts', '2');
  await called(1);
  for (const text of ['3', '4', '5']) await write('src/jobs/A.ts', text);
  await sleep(60);
  expect(calls).toBe(1);
  hold = Promise.resolve();
  release();
  await called(2);
  await sleep(60);
  expect(calls).toBe(2);
});

test('an edit during a call tells it that it is outdated, and so does a stop', async () => {
  hold = undefined;
  await write('src/jobs/A.ts', '2');
  await called(1);
  await write('src/jobs/A.ts', '3');
  await called(2);
  expect(outdated.map(({ aborted }) => aborted)).toEqual([true, false]);
  await watching.stop();
  expect(outdated.map(({ aborted }) => aborted)).toEqual([true, true]);
});

test('what is written right after the start is not missed, and after a stop nothing is called', async () => {
  await write('src/jobs/A.ts', 'at once');
  await called(1);
  await watching.stop();
  await write('src/jobs/A.ts', 'late');
  await sleep(60);
  expect(calls).toBe(1);
});
