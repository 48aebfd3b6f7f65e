import { mkdtemp, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { until } from '../local/aws/lambda/processes.ts';
import { type DlqPlatform, envelope, names, reason, startDlqPlatform, startJobs } from './dlqPlatform.ts';
import { onTerminal, runJobs, runJobsProcess } from './jobsCommand.ts';

let platform: DlqPlatform;
beforeEach(async () => {
  platform = await startDlqPlatform();
});
afterEach(() => platform.close());

const run = (...words: string[]) => platform.run(...words);

/** `job-0` … of alternating errors: the even ones RangeErrors, the odd ones TypeErrors. */
async function buryJobs(count: number, lastFailureAt?: string): Promise<void> {
  await platform.bury(
    names.dead,
    Array.from({ length: count }, (_, index) => ({
      body: envelope({ friendName: `Hank ${index}` }, `job-${index}`),
      reason: reason({
        jobId: `job-${index}`,
        name: index % 2 === 0 ? 'RangeError' : 'TypeError',
        ...(lastFailureAt === undefined ? {} : { lastFailureAt }),
      }),
    })),
  );
}

/** The job IDs in a queue, sorted. */
async function jobIds(queueName: string): Promise<string[]> {
  const bodies = await platform.bodies(queueName);
  return bodies.map((body) => JSON.parse(body).MessageAttributes.jobId.Value).sort();
}

async function inFlight(queueName: string): Promise<number | undefined> {
  return (await platform.engine.queueCounts(queueName))?.notVisible;
}

async function receiveCounts(queueName: string): Promise<number[]> {
  const state = await platform.engine.inspectQueue(queueName);
  return state?.visible.map(({ receiveCount }) => receiveCount) ?? [];
}

describe('list', () => {
  test('says for all queues how much is in them, without receiving anything', async () => {
    await buryJobs(12);
    await platform.publish('{}', { jobName: 'NoJob' });
    const { code, stdout, stderr } = await platform.runProcess('', 'list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ['dead letters of', 'waiting', 'in flight'],
      ['GreetingJob', '12', '0'],
      ['PushupsJob', '0', '0'],
      ['unrouted', '1', '0'],
      ['undelivered', '0', '0'],
      [''],
      ['13 messages on the local platform'],
      [''],
    ]);
    expect(await receiveCounts(names.dead)).toEqual(Array(12).fill(0));
  });

  test('gives ages and expiry as JSON', async () => {
    await buryJobs(1);
    const rows = JSON.parse((await run('list', '--json')).stdout);
    expect(rows).toEqual([
      {
        name: 'GreetingJob',
        queueUrl: platform.engine.queueUrl(names.dead),
        waiting: 1,
        inFlight: 0,
        oldestAgeSeconds: expect.any(Number),
        expiresInSeconds: expect.any(Number),
      },
      expect.objectContaining({ name: 'PushupsJob', waiting: 0, oldestAgeSeconds: null }),
      expect.objectContaining({ name: 'unrouted' }),
      expect.objectContaining({ name: 'undelivered' }),
    ]);
    expect(rows[0].oldestAgeSeconds).toBeLessThan(60);
    expect(rows[0].expiresInSeconds).toBeGreaterThan(1_209_500);
  });
});

describe('show', () => {
  test('shows why, what and where, receives no more than it shows and gives it back', async () => {
    await buryJobs(5);
    const { code, stdout, stderr } = await run('show', 'GreetingJob', '--limit', '2');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^GreetingJob: 2 of about 5 dead letters, a sample as SQS handed them out, newest first\n/,
    );
    expect(stdout).toContain('RangeError: friend is undefined');
    expect(stdout).toContain('at run (/var/task/index.mjs:7:3)');
    expect(stdout).toContain('after 5 attempts');
    expect(stdout).toContain('{"friendName":"Hank 0"}');
    expect(stdout).toContain('log      jobId=job-0, in the log of npm start');
    const all = await run('show', 'GreetingJob');
    expect(all.stdout).toMatch(/^GreetingJob: 5 of about 5 dead letters, newest first\n/);
    expect(stderr).toBe('\nLooking received 2 messages once and gave them back.\n');
    expect((await receiveCounts(names.dead)).sort()).toEqual([1, 1, 1, 2, 2]);
  });

  test('receives no more than it shows, also beyond a batch', async () => {
    await buryJobs(25);
    const { stderr } = await run('show', 'GreetingJob', '--limit', '15');
    expect(stderr).toBe('\nLooking received 15 messages once and gave them back.\n');
    const received = (await receiveCounts(names.dead)).sort();
    expect(received).toEqual([...Array(10).fill(0), ...Array(15).fill(1)]);
  });

  test('finds one by its ID, and sorts by the death', async () => {
    await platform.bury(
      names.dead,
      ['2026-11-20T11:00:00.000Z', '2026-11-20T09:00:00.000Z', '2026-11-20T10:00:00.000Z'].map(
        (lastFailureAt, index) => ({
          body: envelope({ friendName: 'Hank' }, `job-${index}`),
          reason: reason({ jobId: `job-${index}`, lastFailureAt }),
        }),
      ),
    );
    const ids = async (...words: string[]) =>
      JSON.parse((await run('show', 'GreetingJob', '--json', ...words)).stdout).map(
        ({ jobId }: { jobId: string }) => jobId,
      );
    expect(await ids()).toEqual(['job-0', 'job-2', 'job-1']);
    expect(await ids('--oldest-first')).toEqual(['job-1', 'job-2', 'job-0']);
    expect(await ids('--id', 'job-2')).toEqual(['job-2']);
    expect(await inFlight(names.dead)).toBe(0);
  });

  test('says what it can about letters whose reason is missing or malformed, or whose body is no JSON', async () => {
    await platform.bury(names.dead, [
      { body: '{"friendName":"Raw"}' },
      { body: 'no json', reason: '{"surprise":1}' },
      { body: '{}', reason: 'not JSON either \u001b[31m' },
    ]);
    const { code, stdout } = await run('show', 'GreetingJob');
    expect(code).toBe(0);
    expect(stdout).toMatch(/no reason: .* \(1 by now\)/);
    expect(stdout).toMatch(/deadLetterReason .*\{"surprise":1\}/);
    expect(stdout).toContain('no JSON: no json');
    expect(stdout).not.toContain('\u001b');
    const letters = JSON.parse((await run('show', 'GreetingJob', '--json')).stdout);
    expect(letters).toContainEqual(
      expect.objectContaining({ reason: null, reasonText: '{"surprise":1}', body: 'no json' }),
    );
  });

  test('tells a death without an outcome from the older one that its letter was redriven with', async () => {
    await buryJobs(1);
    expect((await run('redrive', 'GreetingJob', '--all')).code).toBe(0);
    // What a bundle that does not load does: it receives, and nothing more.
    const { engine } = platform;
    await until(async () => {
      const QueueUrl = engine.queueUrl(names.queue);
      await engine.sqs('ReceiveMessage', { QueueUrl, VisibilityTimeout: 0 });
      return (await platform.bodies(names.dead)).length === 1;
    });
    const { stdout } = await run('show', 'GreetingJob');
    expect(stdout).toContain('no reason: ');
    expect(stdout).toContain('an older death, at 2026-11-20T10:02:00.000Z, was of RangeError: friend is');
    const { code, stderr } = await run('redrive', 'GreetingJob', '--error', 'RangeError');
    expect([code, stderr]).toEqual([1, expect.stringContaining('Their errors: no reason (1)')]);
  });

  test('an empty queue, and an ID that is not there, are one line and exit code 1', async () => {
    const empty = await platform.runProcess('', 'show', 'PushupsJob');
    expect(empty).toEqual({
      code: 1,
      stdout: '',
      stderr: 'no dead letter is visible in jobs-dev-PushupsJob-dead-letters\n',
    });
    await buryJobs(3);
    const missing = await run('show', 'GreetingJob', '--id', 'job-9');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain(`none of 3 dead letters in ${names.dead} has the ID job-9\n`);
    expect(await inFlight(names.dead)).toBe(0);
  });
});

describe('redrive', () => {
  test('--all moves the whole queue as SQS does', async () => {
    await buryJobs(23);
    const { code, stdout } = await run('redrive', 'GreetingJob', '--all');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'moved 23 of 23 dead letters to jobs-dev-GreetingJob\n',
    });
    expect(await platform.bodies(names.dead)).toEqual([]);
    expect(await jobIds(names.queue)).toHaveLength(23);
  });

  test('by error, sends the same message without its reason, and leaves the others visible', async () => {
    await buryJobs(25);
    const { code, stdout } = await run('redrive', 'GreetingJob', '--error', 'TypeError');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'sent 12 of 25 dead letters back to jobs-dev-GreetingJob\n',
    });
    const sent = (await platform.engine.inspectQueue(names.queue))?.visible ?? [];
    const bodies = sent.map(({ body }) => JSON.parse(body));
    expect(bodies).toHaveLength(12);
    expect(bodies).toContainEqual(JSON.parse(envelope({ friendName: 'Hank 7' }, 'job-7')));
    for (const { messageAttributes, receiveCount } of sent) {
      expect([messageAttributes, receiveCount]).toEqual([{}, 0]);
    }
    expect(await jobIds(names.dead)).toHaveLength(13);
    expect(await inFlight(names.dead)).toBe(0);
    expect(await receiveCounts(names.dead)).toEqual(Array(13).fill(1));
  });

  test('by ID, several, and every letter of each', async () => {
    await buryJobs(5);
    await buryJobs(2);
    const { code } = await run('redrive', 'GreetingJob', '--id', 'job-1', 'job-3');
    expect(code).toBe(0);
    expect(await jobIds(names.queue)).toEqual(['job-1', 'job-1', 'job-3']);
  });

  test('by age since the death, not since the send', async () => {
    await buryJobs(2, new Date(Date.now() - 3_600_000).toISOString());
    await platform.bury(names.dead, [
      { body: envelope({}, 'young'), reason: reason({ lastFailureAt: new Date().toISOString() }) },
      { body: envelope({}, 'unknown') },
    ]);
    expect((await run('redrive', 'GreetingJob', '--older-than', '30m')).code).toBe(0);
    expect(await jobIds(names.queue)).toEqual(['job-0', 'job-1']);
  });

  test('keeps own attributes, and gives a raw message the ID that it was known by', async () => {
    await platform.bury(names.dead, [{ body: '{"friendName":"Raw"}', attributes: { note: 'n' } }]);
    const [{ jobId }] = JSON.parse((await run('show', 'GreetingJob', '--json')).stdout);
    expect((await run('redrive', 'GreetingJob', '--id', jobId)).code).toBe(0);
    const [message] = (await platform.engine.inspectQueue(names.queue))?.visible ?? [];
    expect(message?.messageAttributes).toEqual({
      note: { DataType: 'String', StringValue: 'n' },
      jobId: { DataType: 'String', StringValue: jobId },
    });
  });

  test('a raw message as large as SQS takes goes back without an ID, and keeps no other one from going', async () => {
    await platform.bury(names.dead, [{ body: 'x'.repeat(1_048_576) }]);
    await platform.bury(
      names.dead,
      Array.from({ length: 12 }, (_, index) => ({ body: `{"index":${index}}` })),
    );
    const { code, stdout } = await run('redrive', 'GreetingJob', '--older-than', '0s');
    expect([code, stdout]).toEqual([0, 'sent 13 of 13 dead letters back to jobs-dev-GreetingJob\n']);
    const sent = (await platform.engine.inspectQueue(names.queue))?.visible ?? [];
    const withoutId = sent.filter(({ messageAttributes }) => messageAttributes.jobId === undefined);
    expect(withoutId.map(({ body }) => body.length)).toEqual([1_048_576]);
    expect(await platform.bodies(names.dead)).toEqual([]);
  });

  test('--dry-run says what it would do, and moves nothing', async () => {
    await buryJobs(4);
    const some = await run('redrive', 'GreetingJob', '--error', 'TypeError', '--dry-run');
    expect(some.code).toBe(0);
    expect(some.stdout.split('\n').sort()).toEqual([
      '',
      '  job-1  TypeError: friend is undefined',
      '  job-3  TypeError: friend is undefined',
      'would send back 2 of 4 dead letters:',
    ]);
    const all = await run('redrive', 'GreetingJob', '--all', '--dry-run');
    expect(all).toMatchObject({
      code: 0,
      stdout: 'would move about 4 dead letters to jobs-dev-GreetingJob\n',
    });
    expect(await platform.bodies(names.queue)).toEqual([]);
    expect(await platform.engine.queueCounts(names.dead)).toMatchObject({ visible: 4, notVisible: 0 });
  });

  test('--rate keeps to it', async () => {
    await buryJobs(12);
    const startedAtMs = Date.now();
    expect((await run('redrive', 'GreetingJob', '--error', 'TypeError', '--rate', '10/s')).code).toBe(0);
    // The first goes at once, the sixth after five tenths of a second.
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(450);
    expect(await jobIds(names.queue)).toHaveLength(6);
  });

  test('a selection that fits nothing says what there is, and an empty queue that it is empty: exit code 1', async () => {
    await buryJobs(3);
    const nothing = await run('redrive', 'GreetingJob', '--error', 'TypErr');
    expect(nothing).toEqual({
      code: 1,
      stdout: '',
      stderr: `nothing to redrive: none of 3 dead letters in ${names.dead} fits --error TypErr. Their errors: RangeError (2), TypeError (1)\n`,
    });
    for (const words of [['--all'], ['--error', 'TypeError'], ['--all', '--dry-run']]) {
      expect(await run('redrive', 'PushupsJob', ...words)).toEqual({
        code: 1,
        stdout: '',
        stderr: 'nothing to redrive: jobs-dev-PushupsJob-dead-letters has no visible message\n',
      });
    }
  });

  test('wants exactly one selection, and says what is wrong with it: exit code 2', async () => {
    const cases: [string[], RegExp][] = [
      [[], /Give exactly one of --all, --id <jobId…>, --error <name>, --older-than <duration>/],
      [['--all', '--error', 'TypeError'], /exactly one/],
      [['--older-than', '5 minutes'], /--older-than: '5 minutes' is no duration/],
      [['--all', '--rate', '501'], /--rate must be a whole number from 1 to 500, was '501'/],
    ];
    for (const [words, message] of cases) {
      const { code, stdout, stderr } = await run('redrive', 'GreetingJob', ...words);
      expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    }
  });

  test('an unknown job is refused with the nearest name', async () => {
    expect(await run('redrive', 'GretingJob', '--all')).toMatchObject({
      code: 2,
      stderr:
        "error: the local platform has no dead-letter queue of a job 'GretingJob'. Did you mean GreetingJob?\n",
    });
    expect((await run('show', 'Xyzzy')).stderr).toMatch(/There are: GreetingJob, PushupsJob, unrouted/);
  });

  test('refuses a queue that is being redriven already, and says how to cancel that', async () => {
    await buryJobs(50);
    const { engine } = platform;
    const { TaskHandle } = await engine.sqs('StartMessageMoveTask', {
      SourceArn: engine.queueArn(names.dead),
      DestinationArn: engine.queueArn(names.queue),
      MaxNumberOfMessagesPerSecond: 1,
    });
    for (const words of [['--all'], ['--error', 'TypeError']]) {
      const { code, stderr } = await run('redrive', 'GreetingJob', ...words);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^error: GreetingJob is being redriven already, for \d+s: \d+ of 50 are moved\. /,
      );
      expect(stderr).toContain(
        `cancel-message-move-task --endpoint-url ${engine.endpoint} --task-handle ${TaskHandle}`,
      );
    }
  });

  test('a job that dies again at once is not redriven without end', async () => {
    await buryJobs(100);
    const { engine } = platform;
    const url = (name: string) => ({ QueueUrl: engine.queueUrl(name) });
    // What a NonRetryableError does: the message is dead again as soon as it is in the queue.
    let isOver = false;
    const dying = (async () => {
      while (!isOver) {
        const { Messages = [] } = await engine.sqs('ReceiveMessage', {
          ...url(names.queue),
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 1,
        });
        for (const { Body, ReceiptHandle } of Messages) {
          await platform.bury(names.dead, [{ body: Body, reason: reason() }]);
          await engine.sqs('DeleteMessage', { ...url(names.queue), ReceiptHandle });
        }
      }
    })();
    engine.setFaults(({ action }) =>
      action === 'DeleteMessageBatch' ? { kind: 'delay', ms: 50 } : undefined,
    );
    const { code, stdout, stderr } = await run('redrive', 'GreetingJob', '--older-than', '0s');
    await until(async () => (await platform.bodies(names.dead)).length === 100, 60_000);
    isOver = true;
    engine.endLongPolls(names.queue);
    await dying;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sent 100 of 100 dead letters back/);
    expect(stderr).toMatch(/^\d+ redriven jobs? died again already, and stayed dead\n$/);
    expect(await jobIds(names.dead)).toHaveLength(100);
  });
});

describe('unrouted and undelivered', () => {
  test('go through the topic again with their old ID, once their job is there', async () => {
    const messageId = await platform.publish('{"friendName":"A"}', { jobName: 'PushupsJobb', note: 'n' });
    await platform.publish('{"friendName":"B"}', { jobName: 'StillMissing', jobId: 'mine' });
    await platform.publish('{"friendName":"C"}', { note: 'nameless' });
    await addJob('PushupsJobb');

    const dry = await run('redrive', 'unrouted', '--all', '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain(`would send back 1 of 3 dead letters:\n  ${messageId}  no job had the name`);
    expect(dry.stdout).toContain("mine  there is still no job 'StillMissing': add it first");
    expect(dry.stdout).toContain('it has no attribute jobName (of type String), so no job takes it');

    const { code, stdout, stderr } = await run('redrive', 'unrouted', '--all');
    expect([code, stdout]).toEqual([1, 'published 1 of 3 messages to jobs-dev again\n']);
    expect(stderr).toContain("not sent: mine: there is still no job 'StillMissing': add it first");
    const [body] = await platform.bodies('jobs-dev-PushupsJobb');
    expect(JSON.parse(body ?? '')).toMatchObject({
      Message: '{"friendName":"A"}',
      MessageAttributes: {
        jobName: { Type: 'String', Value: 'PushupsJobb' },
        jobId: { Type: 'String', Value: messageId },
        note: { Type: 'String', Value: 'n' },
      },
    });
    expect(await platform.bodies(names.unrouted)).toHaveLength(2);
    expect(await inFlight(names.unrouted)).toBe(0);
  });

  test('undelivered: a raw message without an envelope loses only what SNS added', async () => {
    await platform.bury(names.undelivered, [
      {
        body: '{"friendName":"Raw"}',
        attributes: {
          jobName: 'GreetingJob',
          jobId: 'r-1',
          RequestID: 'x',
          ErrorCode: 'AWS.SimpleQueueService.NonExistentQueue',
          ErrorMessage: 'gone',
        },
      },
      { body: envelope({ friendName: 'E' }, 'e-1') },
    ]);
    const shown = await run('show', 'undelivered');
    expect(shown.stdout).toContain('SNS: AWS.SimpleQueueService.NonExistentQueue: gone');
    const { code, stdout } = await run('redrive', 'undelivered', '--all');
    expect([code, stdout]).toEqual([0, 'published 2 of 2 messages to jobs-dev again\n']);
    const bodies = (await platform.bodies(names.queue)).map((body) => JSON.parse(body));
    const text = (Value: string) => ({ Type: 'String', Value });
    expect(bodies.map(({ Message, MessageAttributes }) => [Message, MessageAttributes])).toEqual(
      expect.arrayContaining([
        ['{"friendName":"Raw"}', { jobName: text('GreetingJob'), jobId: text('r-1') }],
        ['{"friendName":"E"}', { jobName: text('GreetingJob'), jobId: text('e-1') }],
      ]),
    );
  });

  test.each([
    [
      'undelivered',
      /^2 messages came back to undelivered already, and stayed there: SNS still cannot deliver/,
    ],
    ['unrouted', /^2 messages came back to unrouted already, and stayed there: a new job takes them once/],
  ] as const)('that are back in %s at once have failed', async (net, message) => {
    const { engine } = platform;
    await platform.bury(names[net], [
      { body: envelope({ friendName: 'A' }, 'a-1') },
      { body: envelope({ friendName: 'B' }, 'b-1') },
    ]);
    // What SNS does with what it cannot deliver, or while a filter does not apply yet.
    let isOver = false;
    const returning = (async () => {
      while (!isOver) {
        const { Messages = [] } = await engine.sqs('ReceiveMessage', {
          QueueUrl: engine.queueUrl(names.queue),
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 1,
        });
        for (const { Body, ReceiptHandle } of Messages) {
          await platform.bury(names[net], [{ body: Body }]);
          await engine.sqs('DeleteMessage', { QueueUrl: engine.queueUrl(names.queue), ReceiptHandle });
        }
      }
    })();
    engine.setFaults(({ action }) =>
      action === 'DeleteMessageBatch' ? { kind: 'delay', ms: 200 } : undefined,
    );
    const { code, stdout, stderr } = await run('redrive', net, '--all');
    isOver = true;
    engine.endLongPolls(names.queue);
    await returning;
    expect([code, stdout]).toEqual([1, 'published 2 of 2 messages to jobs-dev again\n']);
    expect(stderr).toMatch(message);
    expect(await platform.bodies(names[net])).toHaveLength(2);
  });

  test('are discarded, exported and refused for edit', async () => {
    await platform.publish('{"x":1}', { jobName: 'NoJob', jobId: 'u-1' });
    const exported = await run('export', 'unrouted');
    expect(JSON.parse(exported.stdout)).toMatchObject({ queue: 'unrouted', jobId: 'u-1', payload: { x: 1 } });
    expect((await run('edit', 'unrouted', '--id', 'u-1', '--payload', '1')).code).toBe(2);
    expect((await run('discard', 'unrouted', '--id', 'u-1', '--yes')).code).toBe(0);
    expect(await platform.bodies(names.unrouted)).toEqual([]);
  });
});

describe('discard and export', () => {
  test('discard asks, and refuses where nobody can be asked', async () => {
    await buryJobs(2);
    const { code, stderr } = await platform.runProcess('', 'discard', 'GreetingJob', '--all');
    expect([code, stderr]).toEqual([2, 'error: there is no terminal to ask on: give --yes\n']);
    expect(await platform.bodies(names.dead)).toHaveLength(2);
  });

  test('discard is interrupted by Ctrl-C at its question, which is not the same as no', async () => {
    await buryJobs(2);
    for (const [key, code] of [
      ['\u0003', 130],
      ['n\r', 1],
      ['\u0004', 1],
    ] as const) {
      const ended = await answer(key, 'discard', 'GreetingJob', '--all');
      expect(ended.code).toBe(code);
      expect(ended.stderr).toMatch(/for good: all \(about 2\)\? .*nothing was discarded\n$/s);
    }
    expect(await platform.bodies(names.dead)).toHaveLength(2);
    expect((await answer('y\r', 'discard', 'GreetingJob', '--all')).code).toBe(0);
    expect(await platform.bodies(names.dead)).toEqual([]);
  });

  /** Waits for the question on a terminal, and types. */
  async function answer(keys: string, ...words: string[]) {
    const { child, output, ended } = startJobs(platform.directory, ['dlq', ...words], onTerminal, {
      types: true,
    });
    await until(() => output.stderr.includes('[y/N]'));
    child.stdin.end(keys);
    return { code: await ended, ...output };
  }

  test('discard writes what it deletes to a file first, and says what it deleted', async () => {
    await buryJobs(24);
    const words = ['discard', 'GreetingJob', '--error', 'TypeError', '--yes', '--export', 'gone.jsonl'];
    const { code, stdout, stderr } = await run(...words);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(12);
    expect(stdout).toContain('discarded job-5  TypeError: friend is undefined\n');
    expect(stderr).toBe(`discarded 12 dead letters of ${names.dead}; they are in gone.jsonl\n`);
    const lines = (await readFile(join(platform.directory, 'gone.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).jobId)).toContain('job-5');
    expect(lines).toHaveLength(12);
    expect(await jobIds(names.dead)).toHaveLength(12);
    // Never over an earlier export.
    const again = await run('discard', 'GreetingJob', '--all', '--yes', '--export', 'gone.jsonl');
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/cannot write gone\.jsonl: it is there already/);
    expect(await jobIds(names.dead)).toHaveLength(12);
  });

  test('files are written where the command was typed, not where npm runs it', async () => {
    await buryJobs(2);
    const elsewhere = await mkdtemp(join(platform.directory, 'elsewhere-'));
    const words = ['GreetingJob', '--export', 'gone.jsonl', '--all', '--yes'];
    const from = (...typed: string[]) =>
      runJobs(platform.directory, ['dlq', ...typed], '', { INIT_CWD: elsewhere });
    expect((await from('export', 'GreetingJob', '--file', 'all.jsonl')).code).toBe(0);
    expect((await from('discard', ...words)).code).toBe(0);
    expect((await readdir(elsewhere)).sort()).toEqual(['all.jsonl', 'gone.jsonl']);
  });

  test('discard deletes nothing that could not be written', async () => {
    await buryJobs(3);
    const words = ['discard', 'GreetingJob', '--all', '--yes', '--export', 'no/such/place.jsonl'];
    expect((await run(...words)).code).toBe(2);
    expect(await platform.bodies(names.dead)).toHaveLength(3);
    const dry = await run('discard', 'GreetingJob', '--all', '--dry-run');
    expect(dry.stdout).toMatch(/^would discard 3 of 3 dead letters:\n/);
    expect(await platform.bodies(names.dead)).toHaveLength(3);
  });

  test('discard deletes nothing more when its file cannot be written any more, and says so in a line', async () => {
    await buryJobs(30);
    const handle = await open(join(platform.directory, 'any'), 'w');
    await handle.close();
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    using _full = jest.spyOn(Object.getPrototypeOf(handle), 'datasync').mockImplementation(async () => {
      throw full;
    });
    const words = ['discard', 'GreetingJob', '--all', '--yes', '--export', 'full.jsonl'];
    expect(await run(...words)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: cannot write to full.jsonl any more: ENOSPC: no space left on device, write. What is not in it was left where it was: make room, and do this again with a new file\n',
    });
    expect(await platform.engine.queueCounts(names.dead)).toMatchObject({ visible: 30, notVisible: 0 });
  });

  test('export writes everything as JSON Lines and leaves it', async () => {
    await buryJobs(12);
    const { code, stdout, stderr } = await run('export', 'GreetingJob');
    expect([code, stderr]).toEqual([0, `exported 12 dead letters of ${names.dead}\n`]);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(12);
    expect(lines.find(({ jobId }) => jobId === 'job-3')).toEqual({
      queue: 'GreetingJob',
      jobId: 'job-3',
      messageId: expect.any(String),
      sentAt: expect.any(String),
      receiveCount: 1,
      reason: reason({ jobId: 'job-3' }),
      payload: { friendName: 'Hank 3' },
      attributes: {},
      body: envelope({ friendName: 'Hank 3' }, 'job-3'),
    });
    expect(await platform.engine.queueCounts(names.dead)).toMatchObject({ visible: 12, notVisible: 0 });
    expect((await run('export', 'GreetingJob', '--file', 'all.jsonl')).stdout).toBe('');
    expect(await readFile(join(platform.directory, 'all.jsonl'), 'utf8')).toHaveLength(stdout.length);
    expect((await run('export', 'PushupsJob')).code).toBe(1);
  });
});

describe('edit', () => {
  test('sends the same envelope with the new payload, under the same ID', async () => {
    await platform.bury(names.dead, [
      {
        body: envelope({ friendName: 7 }, 'job-0'),
        reason: reason({ jobId: 'job-0' }),
        attributes: { note: 'n' },
      },
      { body: envelope({ friendName: 8 }, 'job-1') },
    ]);
    const words = ['edit', 'GreetingJob', '--id', 'job-0', '--payload'];
    const misfit = await run(...words, '{"friendName":9}');
    expect(misfit).toMatchObject({ code: 1, stdout: '' });
    expect(misfit.stderr).toMatch(/^friendName: .*\nnothing was sent: the dead letter is as it was\n$/);
    const broken = await run(...words, '{"friendName":');
    expect(broken).toMatchObject({ code: 1, stderr: expect.stringMatching(/^not JSON: /) });
    expect(await platform.bodies(names.dead)).toHaveLength(2);

    expect(await run(...words, '{ "friendName": "Hank" }')).toMatchObject({
      code: 0,
      stdout: 'sent job-0 back to jobs-dev-GreetingJob with its new payload\n',
    });
    const [message] = (await platform.engine.inspectQueue(names.queue))?.visible ?? [];
    expect(message?.body).toBe(envelope({ friendName: 'Hank' }, 'job-0'));
    expect(message?.messageAttributes).toEqual({ note: { DataType: 'String', StringValue: 'n' } });
    expect(await jobIds(names.dead)).toEqual(['job-1']);
    expect(await inFlight(names.dead)).toBe(0);
  });

  test('receives what it looks through once', async () => {
    await buryJobs(20);
    const words = ['edit', 'GreetingJob', '--id', 'job-19', '--payload', '{"friendName":"Hank"}'];
    expect((await run(...words)).code).toBe(0);
    expect(await receiveCounts(names.dead)).toEqual(Array(19).fill(1));
  });

  test('reads standard input, and leaves a raw message raw', async () => {
    await platform.bury(names.dead, [{ body: 'no json', attributes: { jobId: 'raw-1' } }]);
    const words = ['edit', 'GreetingJob', '--id', 'raw-1', '--payload', '-'];
    expect((await platform.runProcess('{"friendName":"In"}', ...words)).code).toBe(0);
    expect(await platform.bodies(names.queue)).toEqual(['{"friendName":"In"}']);
  });

  test('without an editor, or with the vi that npm sets where there is no terminal, asks for the payload', async () => {
    await buryJobs(1);
    const words = ['dlq', 'edit', 'GreetingJob', '--id', 'job-0'];
    for (const env of [{}, { npm_lifecycle_event: 'jobs', EDITOR: 'vi' }]) {
      expect(await runJobsProcess(platform.directory, words, '{"friendName":"In"}', env)).toEqual({
        code: 2,
        stdout: '',
        stderr:
          "error: there is no editor to open: give the new payload, --payload '<json>' or --payload - for standard input, or set EDITOR\n",
      });
    }
    expect(await receiveCounts(names.dead)).toEqual([0]);
  });

  test('an ID that is not there is exit code 1', async () => {
    await buryJobs(1);
    const { code, stderr } = await run('edit', 'GreetingJob', '--id', 'job-7', '--payload', '{}');
    expect([code, stderr]).toEqual([1, `no dead letter has the ID job-7 in ${names.dead}\n`]);
  });
});

/** As a deployment would: a queue, its dead-letter queue and its subscription, known to platform.json. */
async function addJob(name: string): Promise<void> {
  const { engine, directory } = platform;
  for (const queueName of [`jobs-dev-${name}`, `jobs-dev-${name}-dead-letters`]) {
    await engine.sqs('CreateQueue', { QueueName: queueName });
  }
  await engine.sns('Subscribe', {
    TopicArn: engine.topicArn('jobs-dev'),
    Protocol: 'sqs',
    Endpoint: engine.queueArn(`jobs-dev-${name}`),
    Attributes: { FilterPolicy: JSON.stringify({ jobName: [name] }) },
  });
  const { Subscriptions } = await engine.sns('ListSubscriptionsByTopic', {
    TopicArn: engine.topicArn('jobs-dev'),
  });
  const unrouted = Subscriptions.find(
    ({ Endpoint }: { Endpoint: string }) => Endpoint === engine.queueArn(names.unrouted),
  );
  await engine.sns('SetSubscriptionAttributes', {
    SubscriptionArn: unrouted.SubscriptionArn,
    AttributeName: 'FilterPolicy',
    AttributeValue: JSON.stringify({
      jobName: [{ 'anything-but': ['GreetingJob', 'PushupsJob', name] }, { exists: false }],
    }),
  });
  const file = join(directory, '.local', 'platform.json');
  const content = JSON.parse(await readFile(file, 'utf8'));
  content.jobs[name] = {
    queueUrl: engine.queueUrl(`jobs-dev-${name}`),
    deadLetterQueueUrl: engine.queueUrl(`jobs-dev-${name}-dead-letters`),
  };
  await writeFile(file, JSON.stringify(content));
}
