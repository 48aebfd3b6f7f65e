import { afterEach, describe, expect, test } from '@jest/globals';
import type { Faults } from '../../../local/aws/engine/engine.ts';
import { reasonAttribute } from '../../../src/message/deadLetterReason.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import {
  queueName,
  startPlatform,
  type TestPlatform,
  type TestPlatformOptions,
  tableName,
} from './platform.ts';
import type { Task } from './testJob.ts';
import { killWorkerProcesses, type Line, startWorkerProcess, type WorkerProcess } from './workerProcess.ts';

const platforms: TestPlatform[] = [];
afterEach(async () => {
  await killWorkerProcesses();
  for (const platform of platforms.splice(0)) await platform.stop();
});

async function platformWith(
  tasks: readonly Task[],
  options: TestPlatformOptions = {},
): Promise<TestPlatform> {
  const platform = await startPlatform(options);
  platforms.push(platform);
  await platform.send(tasks);
  return platform;
}

function tasks(count: number, task: Task): Task[] {
  return Array.from({ length: count }, () => task);
}

function jobIds(lines: readonly Line[]): string[] {
  return lines.map(({ jobId = '' }) => jobId).toSorted();
}

function breaks({ lines }: WorkerProcess): Line[] {
  return lines.filter(({ message }) => message.endsWith(' fails; it is tried until it works again'));
}

function recoveries({ lines }: WorkerProcess): Line[] {
  return lines.filter(({ message }) => message.endsWith(' works again') && !message.includes('tried'));
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `job-${index}`).toSorted();

async function isEmpty(platform: TestPlatform): Promise<boolean> {
  const { visible, notVisible } = await platform.queue();
  return visible.length + notVisible.length === 0;
}

async function receiveAndGiveBack({ engine, queueUrl }: TestPlatform): Promise<void> {
  const { Messages } = await engine.sqs('ReceiveMessage', { QueueUrl: queueUrl });
  const [{ ReceiptHandle }] = Messages;
  await engine.sqs('ChangeMessageVisibility', { QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 });
}

describe('SIGTERM', () => {
  test('under load: what runs ends, nothing else begins, and the rest is there for the next worker', async () => {
    const count = 120;
    const platform = await platformWith(tasks(count, { ms: 30 }));
    // Long enough for what a poll in flight brings: else that is given back, and its next attempt is the second.
    const first = startWorkerProcess(platform, { JOB_STOP_TIMEOUT: '60s' });
    await first.says('succeeded', 20);
    first.kill('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null, errors: [] });
    expect(jobIds(first.said('started'))).toEqual(jobIds(first.said('succeeded')));
    const { visible, notVisible } = await platform.queue();
    expect([visible.length, notVisible.length]).toEqual([count - first.said('succeeded').length, 0]);
    expect(visible.length).toBeGreaterThan(0);

    const second = startWorkerProcess(platform);
    await until(() => isEmpty(platform), 60_000);
    expect(jobIds([...first.said('effect'), ...second.said('effect')])).toEqual(ids(count));
    expect(second.said('succeeded').every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test('aborts what is not done within the stop timeout, and gives it back at once', async () => {
    const platform = await platformWith([{ ms: 60_000 }, { ms: 60_000, isDeaf: true }], {
      visibilityTimeoutSeconds: 600,
    });
    const worker = startWorkerProcess(platform, { JOB_STOP_TIMEOUT: '1s' });
    await worker.says('started', 2);
    worker.kill('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null, errors: [] });
    expect(worker.said('aborted').map(({ reason }) => reason)).toEqual([
      'WorkerStoppedError',
      'WorkerStoppedError',
    ]);
    expect(worker.said('retry').map(({ delaySeconds }) => delaySeconds)).toEqual([0, 0]);
    const { visible, notVisible } = await platform.queue();
    expect([visible.length, notVisible.length]).toEqual([2, 0]);
  });

  test('a second time ends it at once, and a second worker gets the message when its visibility ends', async () => {
    const platform = await platformWith([{ ms: 60_000, isDeaf: true }], { visibilityTimeoutSeconds: 600 });
    const worker = startWorkerProcess(platform, { JOB_STOP_TIMEOUT: '60s' });
    await worker.says('started');
    worker.kill('SIGTERM');
    await worker.says('worker stopping: running jobs may finish; a second signal stops at once');
    const again = setInterval(() => worker.kill('SIGTERM'), 50);
    // Neither the job nor the stop timeout is over: then it would be 0.
    expect((await worker.ended).code).toBe(143);
    clearInterval(again);
    expect((await platform.queue()).notVisible).toHaveLength(1);
  });

  test('that comes twice within a moment, as a key press under npm does, counts once', async () => {
    const platform = await platformWith([{ ms: 500 }]);
    const worker = startWorkerProcess(platform, { JOB_STOP_TIMEOUT: '60s' });
    await worker.says('started');
    worker.kill('SIGINT');
    worker.kill('SIGTERM');
    await worker.says('succeeded');
    platform.engine.endLongPolls(queueName);
    expect((await worker.ended).code).toBe(0);
    expect(worker.said('succeeded')).toHaveLength(1);
  });

  test('on the last attempt makes a dead letter of what is not done, which says so', async () => {
    const platform = await platformWith([{ ms: 60_000, isDeaf: true }]);
    for (let time = 1; time < 5; time++) await receiveAndGiveBack(platform);
    const worker = startWorkerProcess(platform, { JOB_STOP_TIMEOUT: '1s' });
    await worker.says('started');
    worker.kill('SIGTERM');
    expect((await worker.ended).code).toBe(0);
    const [letter] = (await platform.deadLetters()).visible;
    expect(JSON.parse(letter?.messageAttributes[reasonAttribute]?.StringValue ?? '')).toMatchObject({
      name: 'WorkerStoppedError',
      attempts: 5,
    });
    expect(await isEmpty(platform)).toBe(true);
  });

  test('while it waits for messages: the poll in flight ends, and what it brings is run', async () => {
    const platform = await platformWith([]);
    const worker = startWorkerProcess(platform, { JOB_STOP_TIMEOUT: '60s' });
    await worker.says('worker started');
    worker.kill('SIGINT');
    await worker.says('worker stopping: running jobs may finish; a second signal stops at once');
    await platform.send([{}]);
    expect((await worker.ended).code).toBe(0);
    expect(worker.said('succeeded')).toHaveLength(1);
    expect(await isEmpty(platform)).toBe(true);
  });
});

describe('SIGKILL', () => {
  test('under load: nothing is lost, and only what ran at that moment runs again', async () => {
    const count = 60;
    const concurrency = 5;
    const platform = await platformWith(tasks(count, { ms: 40 }), { visibilityTimeoutSeconds: 2 });
    const idempotent = {
      JOB_CONCURRENCY: String(concurrency),
      JOB_IDEMPOTENCY_TABLE: tableName,
      TIMEOUT: '3s',
    };
    await platform.createTable();
    const first = startWorkerProcess(platform, idempotent);
    await first.says('succeeded', 15);
    first.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    const second = startWorkerProcess(platform, idempotent);
    await until(() => isEmpty(platform), 60_000);
    const effects = jobIds([...first.said('effect'), ...second.said('effect')]);
    expect([...new Set(effects)]).toEqual(ids(count));
    expect((await platform.deadLetters()).visible).toEqual([]);
    const done = new Set(jobIds(first.said('succeeded')));
    expect(second.said('effect').filter(({ jobId = '' }) => done.has(jobId))).toEqual([]);
    expect(effects.length - count).toBeLessThanOrEqual(concurrency);
  });
});

describe('while SQS is down', () => {
  test.each<[string, Faults]>([
    ['answers 503', () => ({ kind: 'error', status: 503, code: 'ServiceUnavailable' })],
    ['cuts connections', () => ({ kind: 'drop' })],
    ['does its work and cuts connections', () => ({ kind: 'dropAfter' })],
  ])(
    '%s: a line when a call begins to fail and one when it works again; nothing is lost or done twice',
    async (_how, faults) => {
      const count = 60;
      const platform = await platformWith(tasks(count, { ms: 20 }), { visibilityTimeoutSeconds: 5 });
      const worker = startWorkerProcess(platform);
      await worker.says('succeeded', 10);
      platform.engine.setFaults(faults);
      await until(() => breaks(worker).length > 0);
      await until(() => worker.said('started').length === worker.said('effect').length);
      platform.engine.setFaults(undefined);
      await until(() => isEmpty(platform), 60_000);
      expect(jobIds(worker.said('effect'))).toEqual(ids(count));
      await until(() => recoveries(worker).length === breaks(worker).length);
      const fails = breaks(worker).map(({ message }) => message.split(' ')[0]);
      const works = recoveries(worker).map(({ message }) => message.split(' ')[0]);
      expect(fails).toEqual([...new Set(fails)]);
      expect(works.toSorted()).toEqual(fails.toSorted());
      expect((await platform.deadLetters()).visible).toEqual([]);
    },
  );

  test('also before it starts, on the same port', async () => {
    const { engine, ...gone } = await startPlatform();
    await engine.stop();
    const worker = startWorkerProcess({ engine, ...gone });
    await worker.says('receiving fails; it is tried until it works again');
    const platform = await startPlatform({ port: Number(new URL(engine.endpoint).port) });
    platforms.push(platform);
    await platform.send([{}]);
    await worker.says('succeeded');
  });
});

describe('a job that runs longer than its message is invisible', () => {
  const visibility = { visibilityTimeoutSeconds: 2 };
  const endless = { ms: 60_000, isOnlySlowAtFirst: true };

  test('keeps it by heartbeats, and runs once', async () => {
    const platform = await platformWith([{ ms: 3000 }], visibility);
    const workers = [startWorkerProcess(platform), startWorkerProcess(platform)];
    await until(() => workers.some((worker) => worker.said('succeeded').length > 0), 60_000);
    expect(workers.flatMap((worker) => worker.said('started'))).toHaveLength(1);
    expect(await until(() => isEmpty(platform))).toBeUndefined();
  });

  test('is aborted when its heartbeats fail until the message is lost, and another run does it', async () => {
    const platform = await platformWith([endless], visibility);
    const worker = startWorkerProcess(platform);
    await worker.says('started');
    platform.engine.setFaults(({ action }) =>
      action.startsWith('ChangeMessageVisibility')
        ? { kind: 'error', status: 503, code: 'ServiceUnavailable' }
        : undefined,
    );
    await worker.says('aborted');
    expect(worker.said('aborted')[0]?.reason).toBe('LeaseLostError');
    platform.engine.setFaults(undefined);
    await worker.says('succeeded');
    expect(worker.said('effect').map(({ attempt }) => attempt)).toEqual([2]);
    await until(() => isEmpty(platform));
  });

  test('is aborted when somebody else has deleted its message', async () => {
    const platform = await platformWith([endless], visibility);
    const worker = startWorkerProcess(platform);
    await worker.says('started');
    const [message] = (await platform.queue()).notVisible;
    await platform.engine.sqs('DeleteMessage', {
      QueueUrl: platform.queueUrl,
      ReceiptHandle: message?.receiptHandle,
    });
    await worker.says('aborted');
    expect(worker.said('aborted')[0]?.reason).toBe('LeaseLostError');
    expect((await platform.deadLetters()).visible).toEqual([]);
  });
});
