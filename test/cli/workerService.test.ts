import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { systemdUnit, winswDefinition } from '../../cli/worker/service.ts';
import { runJobs } from './jobsCommand.ts';

const words = ['worker', 'GreetingJob', '--stop-timeout', '30s', '--concurrency', '3'];
const analyze = '/usr/bin/systemd-analyze';

describe('--print-systemd', () => {
  test('writes a unit that runs this worker and waits longer than its stop timeout', async () => {
    const { code, stdout } = await runJobs(tmpdir(), [...words, '--print-systemd']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ExecStart=\S+ \S+\/bin\/jobs\.ts worker GreetingJob --concurrency 3 --stop-timeout 30s$/m,
    );
    expect(stdout).toMatch(/^TimeoutStopSec=40$/m);
    expect(stdout).toMatch(/^RestartPreventExitStatus=2$/m);
    expect(stdout).toMatch(/JOB_QUEUE_URL=…/);
  });

  (existsSync(analyze) ? test : test.skip)('is accepted by systemd, which finds it hardened', async () => {
    const { stdout } = await runJobs(tmpdir(), [...words, '--print-systemd']);
    const directory = await mkdtemp(join(tmpdir(), 'worker-unit-'));
    const unit = join(directory, 'jobs-worker-greetingjob.service');
    await writeFile(unit, stdout);
    const verified = spawnSync(analyze, ['verify', unit], { encoding: 'utf8' });
    const security = spawnSync(analyze, ['security', '--offline=true', unit], { encoding: 'utf8' });
    await rm(directory, { recursive: true });
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(security.stdout) ?? [];
    expect(Number(exposure)).toBeLessThan(2.5);
  });

  test('keeps systemd from reading anything into paths and words', () => {
    const unit = systemdUnit({
      jobNames: ['Report'],
      words: ['Report', '--queue-url', 'Report=https://sqs/1/a b"c$HOME%n'],
      directory: '/opt/my jobs',
      node: '/usr/bin/node',
      stopTimeoutSeconds: 1,
      needsQueueUrl: false,
    });
    expect(unit).toContain('"Report=https://sqs/1/a b\\"c$$HOME%%n"');
    expect(unit).toContain('"/opt/my jobs/bin/jobs.ts"');
  });

  test('wants the queues of several jobs', async () => {
    const { code, stderr } = await runJobs(tmpdir(), [
      'worker',
      'GreetingJob',
      'PushupsJob',
      '--print-systemd',
    ]);
    expect([code, stderr]).toEqual([
      2,
      'error: a service of several jobs needs their queues: give --stack NAME or --queue-url Job=URL\n',
    ]);
  });
});

describe('--print-winsw', () => {
  test('writes the definition of a service that is stopped by Ctrl-C and given time', async () => {
    const url = 'https://sqs.eu-west-1.amazonaws.com/1/jobs-prod-GreetingJob';
    const { code, stdout } = await runJobs(tmpdir(), [...words, '--queue-url', url, '--print-winsw']);
    expect(code).toBe(0);
    expect(stdout).toContain('<id>JobsWorkerGreetingJob</id>');
    expect(stdout).toContain(`<argument>GreetingJob=${url}</argument>`);
    expect(stdout).toContain('<stoptimeout>40 sec</stoptimeout>');
    expect(stdout).not.toContain('JOB_QUEUE_URL');
  });

  test('escapes what XML would read', () => {
    const definition = winswDefinition({
      jobNames: ['Report'],
      words: ['Report', '--queue-url', 'https://x/?a=1&b=<2>'],
      directory: 'C:\\jobs',
      node: 'C:\\Program Files\\nodejs\\node.exe',
      stopTimeoutSeconds: 110,
      needsQueueUrl: true,
    });
    expect(definition).toContain('<argument>https://x/?a=1&amp;b=&lt;2&gt;</argument>');
    expect(definition).toContain('<env name="JOB_QUEUE_URL" value=""/>');
  });
});
