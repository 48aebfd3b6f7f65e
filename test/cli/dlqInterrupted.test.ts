import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../local/aws/lambda/processes.ts';
import { type DlqPlatform, envelope, names, reason, startDlqPlatform, startJobs } from './dlqPlatform.ts';
import { onTerminal } from './jobsCommand.ts';

let platform: DlqPlatform;
const children: ReturnType<typeof startJobs>[] = [];
beforeEach(async () => {
  platform = await startDlqPlatform();
});
afterEach(async () => {
  for (const { child } of children.splice(0)) child.kill('SIGKILL');
  await platform.close();
});

function start(...words: string[]) {
  const started = startJobs(platform.directory, ['dlq', ...words]);
  children.push(started);
  return started;
}

async function bury(count: number): Promise<string[]> {
  const bodies = Array.from({ length: count }, (_, index) =>
    envelope({ friendName: `Hank ${index}` }, `job-${index}`),
  );
  await platform.bury(
    names.dead,
    bodies.map((body, index) => ({
      body,
      reason: reason({ jobId: `job-${index}`, name: index % 4 === 0 ? 'RangeError' : 'TypeError' }),
    })),
  );
  return bodies;
}

/** Makes every call take so long that an interruption meets the redrive in the middle. */
function slowDown(ms: number, ...actions: string[]): void {
  platform.engine.setFaults(({ action }) => (actions.includes(action) ? { kind: 'delay', ms } : undefined));
}

/** Lets some calls through, and makes each one after them take so long that the command is still at work. */
function slowDownAfter(calls: number, ms: number, action: string): void {
  let made = 0;
  platform.engine.setFaults((request) =>
    request.action === action && ++made > calls ? { kind: 'delay', ms } : undefined,
  );
}

async function countOf(queueName: string): Promise<number> {
  return (await platform.bodies(queueName)).length;
}

async function expectNothingLost(bodies: readonly string[]): Promise<void> {
  const dead = new Set(await platform.bodies(names.dead));
  const back = new Set(await platform.bodies(names.queue));
  expect(bodies.filter((body) => !dead.has(body) && !back.has(body))).toEqual([]);
}

describe('a selective redrive', () => {
  test('killed in the middle loses nothing, and the next one finishes it', async () => {
    const bodies = await bury(400);
    slowDownAfter(6, 500, 'SendMessageBatch');
    const { child, ended } = start('redrive', 'GreetingJob', '--error', 'TypeError');
    await until(async () => (await countOf(names.queue)) >= 60, 60_000);
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const back = await countOf(names.queue);
    expect(back).toBeGreaterThanOrEqual(60);
    expect(back).toBeLessThan(300);
    await expectNothingLost(bodies);

    platform.engine.setFaults(undefined);
    await makeVisible();
    const { code } = await platform.run('redrive', 'GreetingJob', '--error', 'TypeError');
    expect(code).toBe(0);
    await expectNothingLost(bodies);
    const dead = await platform.bodies(names.dead);
    expect(dead.toSorted()).toEqual(bodies.filter((_, index) => index % 4 === 0).toSorted());
  });

  test('killed at any time of a call loses nothing', async () => {
    const bodies = await bury(200);
    for (const [action, ms] of [
      ['SendMessageBatch', 200],
      ['DeleteMessageBatch', 200],
      ['ReceiveMessage', 100],
    ] as const) {
      slowDown(ms, action);
      const before = await countOf(names.queue);
      const { child, ended } = start('redrive', 'GreetingJob', '--older-than', '0s');
      await until(async () => (await countOf(names.queue)) > before, 60_000);
      child.kill('SIGKILL');
      await ended;
      await expectNothingLost(bodies);
      await makeVisible();
    }
    expect(await countOf(names.dead)).toBeGreaterThan(0);
  });

  test('interrupted finishes its batches, leaves nothing invisible and says what it did', async () => {
    const bodies = await bury(400);
    slowDownAfter(3, 500, 'SendMessageBatch');
    const { child, output, ended } = start('redrive', 'GreetingJob', '--error', 'TypeError');
    await until(async () => (await countOf(names.queue)) >= 30, 60_000);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    const [, sent, seen] =
      /^sent (\d+) of (\d+) dead letters back to jobs-dev-GreetingJob\n$/.exec(output.stdout) ?? [];
    expect(output.stderr).toBe(
      '\nfinishing the batches in hand. Ctrl-C again stops at once\n' +
        `about ${400 - Number(seen)} more messages in ${names.dead} not seen yet\n`,
    );
    expect(await countOf(names.queue)).toBe(Number(sent));
    expect(await platform.engine.queueCounts(names.dead)).toMatchObject({
      visible: 400 - Number(sent),
      notVisible: 0,
    });
    await expectNothingLost(bodies);
  });

  test('interrupted twice stops at once, and loses nothing', async () => {
    const bodies = await bury(100);
    slowDown(60_000, 'DeleteMessageBatch');
    const { child, output, ended } = start('redrive', 'GreetingJob', '--error', 'TypeError');
    await until(async () => (await countOf(names.queue)) > 0, 60_000);
    child.kill('SIGINT');
    await until(() => output.stderr.includes('Ctrl-C again'));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    await expectNothingLost(bodies);
  });

  test('interrupted twice on a terminal gives it back', async () => {
    await bury(100);
    slowDown(60_000, 'DeleteMessageBatch');
    const words = ['dlq', 'redrive', 'GreetingJob', '--error', 'TypeError'];
    const started = startJobs(platform.directory, words, onTerminal);
    children.push(started);
    const { child, output, ended } = started;
    await until(async () => (await countOf(names.queue)) > 0, 60_000);
    child.kill('SIGINT');
    await until(() => output.stderr.includes('Ctrl-C again'));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(output.stderr).toContain('\u001b[?25l');
    expect(output.stderr).toMatch(/\[\?25h.*\[\?7h[^\n]*$/);
  });
});

describe('a whole-queue redrive', () => {
  test('interrupted cancels the move, and says how far it came', async () => {
    const bodies = await bury(200);
    const { child, output, ended } = start('redrive', 'GreetingJob', '--all', '--rate', '20');
    await until(async () => (await countOf(names.queue)) >= 5, 60_000);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    const [, moved] =
      /cancelled: moved (\d+) of 200 dead letters to jobs-dev-GreetingJob, the others are where they were\n$/.exec(
        output.stderr,
      ) ?? [];
    expect([await countOf(names.queue), await countOf(names.dead)]).toEqual([
      Number(moved),
      200 - Number(moved),
    ]);
    await expectNothingLost(bodies);
  });
});

describe('other commands interrupted', () => {
  test('discard leaves what it has not deleted visible', async () => {
    await bury(300);
    slowDownAfter(6, 500, 'DeleteMessageBatch');
    const { child, ended, output } = start('discard', 'GreetingJob', '--all', '--yes');
    await until(async () => (await countOf(names.dead)) < 250, 60_000);
    child.kill('SIGTERM');
    expect(await ended).toBe(130);
    const discarded = output.stdout.trimEnd().split('\n').length;
    expect(await platform.engine.queueCounts(names.dead)).toMatchObject({
      visible: 300 - discarded,
      notVisible: 0,
    });
  });

  test('export gives back what it received', async () => {
    await bury(300);
    slowDownAfter(10, 100, 'ReceiveMessage');
    const { child, ended, output } = start('export', 'GreetingJob');
    await until(() => output.stdout.length > 0, 60_000);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(await platform.engine.queueCounts(names.dead)).toMatchObject({ visible: 300, notVisible: 0 });
  });
});

test('an export whose reader ends stops, says how many lines went out, and gives back what it received', async () => {
  await bury(300);
  slowDownAfter(10, 100, 'ReceiveMessage');
  const { child, ended, output } = start('export', 'GreetingJob');
  await until(() => output.stdout.length > 0, 60_000);
  child.stdout.destroy();
  expect(await ended).toBe(1);
  const [, count] =
    /^error: the export is not complete: standard output was closed after (\d+) lines, .*do this again, or into a file with --file\n$/.exec(
      output.stderr,
    ) ?? [];
  expect(Number(count)).toBeGreaterThan(0);
  expect(Number(count)).toBeLessThan(300);
  expect(await platform.engine.queueCounts(names.dead)).toMatchObject({ visible: 300, notVisible: 0 });
});

test('another command whose reader ends goes on', async () => {
  await bury(40);
  slowDownAfter(1, 100, 'DeleteMessageBatch');
  const { child, ended, output } = start('discard', 'GreetingJob', '--all', '--yes');
  await until(() => output.stdout.length > 0, 60_000);
  child.stdout.destroy();
  expect([await ended, await countOf(names.dead)]).toEqual([0, 0]);
});

describe('what AWS or the network refuses', () => {
  const refuse = (action: string, code: string, status = 400) =>
    platform.engine.setFaults((request) =>
      request.action === action ? { kind: 'error', status, code } : undefined,
    );

  test('no permission says which actions on which queues, and moves nothing', async () => {
    const bodies = await bury(20);
    const arn = (name: string) => platform.engine.queueArn(name);
    for (const action of ['GetQueueAttributes', 'ReceiveMessage', 'SendMessageBatch']) {
      refuse(action, 'AccessDenied', 403);
      const { code, stdout, stderr } = await platform.run('redrive', 'GreetingJob', '--error', 'TypeError');
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('error: no permission: dlq redrive needs sqs:GetQueueUrl, ');
      expect(stderr).toContain(
        `sqs:DeleteMessage, sqs:ListMessageMoveTasks on ${arn(names.dead)}; sqs:SendMessage on ${arn(names.queue)}\n`,
      );
      expect(await countOf(names.queue)).toBe(0);
      await expectNothingLost(bodies);
      expect(await platform.engine.queueCounts(names.dead)).toMatchObject({ visible: 20, notVisible: 0 });
    }
    refuse('StartMessageMoveTask', 'AccessDenied', 403);
    const whole = await platform.run('redrive', 'GreetingJob', '--all');
    expect(whole.code).toBe(1);
    expect(whole.stderr).toMatch(/^error: no permission: dlq redrive --all needs .*StartMessageMoveTask/);
    await expectNothingLost(bodies);
  });

  test('a delete that is refused is a duplicate, not a loss, and said', async () => {
    const bodies = await bury(20);
    refuse('DeleteMessageBatch', 'AccessDenied', 403);
    const { code, stderr } = await platform.run('redrive', 'GreetingJob', '--error', 'TypeError');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^15 dead letters went out and could not be deleted .* nothing is lost/);
    expect(stderr).toMatch(/Discard by --id what is still there of job-\d+, job-\d+, /);
    expect(stderr).toMatch(/\nerror: no permission: /);
    expect([await countOf(names.queue), await countOf(names.dead)]).toEqual([15, 20]);
    await expectNothingLost(bodies);
  });

  test('a platform that is not running, or goes away, is one line', async () => {
    await bury(100);
    slowDown(60_000, 'SendMessageBatch');
    const { ended, output } = start('redrive', 'GreetingJob', '--error', 'TypeError');
    await until(async () => ((await platform.engine.queueCounts(names.dead))?.notVisible ?? 0) > 0, 60_000);
    await platform.engine.stop();
    expect(await ended).toBe(1);
    expect(output.stderr).toContain(
      'error: the local platform does not answer (any more). Start it again: npm start\n',
    );
    expect(output.stderr).not.toContain('    at ');
    const gone = await platform.run('list');
    expect(gone.code).toBe(2);
    expect(gone.stderr).toMatch(/^error: .* nothing listens there\..*\n$/);
  });

  test('a queue that is gone is one line', async () => {
    const { engine } = platform;
    await engine.sqs('DeleteQueue', { QueueUrl: engine.queueUrl(names.dead) });
    const { code, stderr } = await platform.run('show', 'GreetingJob');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: the queue jobs-dev-GreetingJob-dead-letters does not exist \(any more\): .*\n$/,
    );
  });
});

describe('edit in an editor', () => {
  /** A program that replaces the text by what it is given, and notes what it saw. */
  async function editorThat(writes: string): Promise<string> {
    const file = join(platform.directory, 'editor.sh');
    await writeFile(file, `#!/bin/sh\ncp "$1" "${join(platform.directory, 'seen')}"\n${writes}\n`);
    await chmod(file, 0o755);
    return file;
  }

  async function edit(editor: string, body: string) {
    await platform.bury(names.dead, [{ body, attributes: { jobId: 'job-1' } }]);
    const words = ['dlq', 'edit', 'GreetingJob', '--id', 'job-1'];
    const { ended, output } = startJobs(platform.directory, words, { EDITOR: editor });
    return { code: await ended, ...output };
  }

  test('opens the payload pretty-printed, its numbers as they were, and sends what comes out', async () => {
    const body = (name: string) => `{"friendName":"${name}","id":12345678901234567890,"price":1.10}`;
    const editor = await editorThat(`echo '${body('Hank')}' > "$1"`);
    const { code } = await edit(editor, body('Hanc'));
    expect(code).toBe(0);
    expect(await readFile(join(platform.directory, 'seen'), 'utf8')).toBe(
      '{\n  "friendName": "Hanc",\n  "id": 12345678901234567890,\n  "price": 1.10\n}\n',
    );
    expect(await platform.bodies(names.queue)).toEqual([body('Hank')]);
  });

  test('holds the letter while the editor is open, and nothing else', async () => {
    await bury(12);
    const [opened, saved] = ['opened', 'saved'].map((name) => join(platform.directory, name));
    const editor = await editorThat(
      `touch ${opened}; while [ -e ${opened} ] && [ ! -e ${saved} ]; do sleep 0.05; done`,
    );
    const words = ['dlq', 'edit', 'GreetingJob', '--id', 'job-7'];
    const started = startJobs(platform.directory, words, { EDITOR: editor });
    children.push(started);
    await until(() => existsSync(opened ?? ''), 60_000);
    expect(await platform.engine.queueCounts(names.dead)).toMatchObject({ visible: 11, notVisible: 1 });
    await writeFile(saved ?? '', '');
    expect(await started.ended).toBe(1);
    expect(await platform.engine.queueCounts(names.dead)).toMatchObject({ visible: 12, notVisible: 0 });
  });

  test('sends nothing when the editor fails, the text is unchanged or still at fault', async () => {
    for (const [writes, code, message] of [
      ['exit 3', 2, /ended with 3: nothing was changed/],
      [
        'rm "$1"',
        2,
        /^error: the file to edit is not there, or not any more: ENOENT.* Nothing was changed\n$/,
      ],
      ['true', 1, /nothing was changed\. To send it back as it is: dlq redrive GreetingJob --id job-1/],
      [`echo '{"friendName":4}' > "$1"`, 1, /^friendName: .*\nnothing was sent/],
    ] as const) {
      const ended = await edit(await editorThat(writes), '{"friendName":"Hank"}');
      expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(message)]);
    }
    expect(await countOf(names.queue)).toBe(0);
    expect(await platform.engine.queueCounts(names.dead)).toMatchObject({ visible: 4, notVisible: 0 });
  });
});

/** What a killed command had in hand comes back after 30 seconds; not to wait for that. */
async function makeVisible(): Promise<void> {
  const state = await platform.engine.inspectQueue(names.dead);
  for (const { receiptHandle } of state?.notVisible ?? []) {
    const QueueUrl = platform.engine.queueUrl(names.dead);
    await platform.engine.sqs('ChangeMessageVisibilityBatch', {
      QueueUrl,
      Entries: [{ Id: '0', ReceiptHandle: receiptHandle, VisibilityTimeout: 0 }],
    });
  }
}
