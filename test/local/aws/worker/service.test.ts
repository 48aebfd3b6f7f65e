import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LocalService, startService } from '../../../../local/aws/worker/service.ts';
import type { WorkerConfig } from '../../../../local/aws/worker/workerProcess.ts';
import { eventually } from '../fixtures/assembly/eventually.ts';
import { isRunning } from '../lambda/processes.ts';

let directory: string;
let lines: string[];
let warnings: string[];
let service: LocalService | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'worker-'));
  lines = [];
  warnings = [];
});
afterEach(async () => {
  await service?.stop({ drainMs: 0 });
  service = undefined;
  await rm(directory, { recursive: true, force: true });
});

const config = (overrides: Partial<WorkerConfig> = {}): WorkerConfig => ({
  serviceName: 'jobs-dev-A',
  codeDirectory: directory,
  environment: { JOB_QUEUE_URL: 'http://queue' },
  stopTimeoutSeconds: 5,
  endpoint: 'http://127.0.0.1:1',
  region: 'eu-west-1',
  ...overrides,
});

async function start(bundle: string, desiredCount: number, of = config()): Promise<LocalService> {
  await writeFile(join(directory, 'index.mjs'), bundle);
  service = await startService(of, desiredCount, {
    onLog: ({ text }) => lines.push(text),
    onWarning: (text) => warnings.push(text),
    endLongPolls: () => {},
  });
  return service;
}

const pidsSaying = (word: string) =>
  lines.flatMap((line) => (line.startsWith(`${word} `) ? Number(line.split(' ')[1]) : []));

/** Says when it is up, and ends by SIGTERM alone. */
const obedient = `
  process.on('SIGTERM', () => { console.log('stopping ' + process.pid); process.exit(0); });
  setInterval(() => {}, 1000);
  console.log('up ' + process.pid + ' ' + process.env.VERSION);
`;
/** Does not end by SIGTERM. */
const deaf = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up ' + process.pid);`;
/** Asks for protection, and gives it up half a second after the file \`free\` is there. */
const busy = `
  import { existsSync } from 'node:fs';
  const set = (ProtectionEnabled) => fetch(process.env.ECS_AGENT_URI + '/task-protection/v1/state', { method: 'PUT', body: JSON.stringify({ ProtectionEnabled }) });
  process.on('SIGTERM', () => { console.log('stopping ' + process.pid); process.exit(0); });
  await set(true);
  console.log('up ' + process.pid);
  const timer = setInterval(async () => { if (!existsSync('free')) return; clearInterval(timer); setInterval(() => {}, 1000); await set(false); }, 20);
`;

describe('a service on this machine', () => {
  test('runs as many workers as desired, and stops them by SIGTERM', async () => {
    const running = await start(obedient, 2);
    const pids = await eventually('two workers', () => pidsSaying('up').length === 2 && pidsSaying('up'));
    expect(running.pids.sort()).toEqual([...pids].sort());
    running.scaleTo(0);
    await eventually('both said goodbye', () => pidsSaying('stopping').length === 2);
    await eventually('both gone', () => pids.every((pid) => !isRunning(pid)));
    expect(lines).toContain('Desired count: 2 → 0');
    expect(warnings).toEqual([]);
  });

  test('its workers see their container’s variables and nothing of this machine’s', async () => {
    await start(
      'for (const name of Object.keys(process.env)) console.log(name + "=" + process.env[name]); setInterval(() => {}, 1000);',
      1,
    );
    await eventually('the environment', () => lines.some((line) => line.startsWith('ECS_AGENT_URI=')));
    expect(lines).toEqual(
      expect.arrayContaining([
        'JOB_QUEUE_URL=http://queue',
        'AWS_ENDPOINT_URL=http://127.0.0.1:1',
        'AWS_REGION=eu-west-1',
        'AWS_ACCESS_KEY_ID=local',
      ]),
    );
    expect(lines.filter((line) => /^(HOME|USER)=/.test(line))).toEqual([]);
  });

  test('their stacks name the project’s files', async () => {
    await start('console.log(new Error("where").stack); setInterval(() => {}, 1000);', 1);
    await eventually('the stack', () =>
      lines.some((line) => /^ {4}at (\S+ \()?index\.mjs:1:\d+\)?$/.test(line)),
    );
  });

  test('one that does not end is killed after its stop timeout', async () => {
    const running = await start(deaf, 1, config({ stopTimeoutSeconds: 0.2 }));
    const [pid = 0] = await eventually('a worker', () => pidsSaying('up').length === 1 && pidsSaying('up'));
    running.scaleTo(0);
    await eventually('gone', () => !isRunning(pid));
  });

  test('one that ends by itself is replaced, later and later, and three in a row are the circuit breaker’s', async () => {
    await start('process.exit(7);', 1);
    await eventually('three ends', () => warnings.length === 3);
    expect(warnings[0]).toBe(
      'A worker of the service jobs-dev-A ended by itself (exit status 7). Another starts in 1 s.',
    );
    expect(warnings[1]).toContain('Another starts in 2 s.');
    expect(warnings[2]).toContain('3 in a row: on AWS the circuit breaker');
  });

  test('a new version starts before the old one stops', async () => {
    const running = await start(obedient, 1, config({ environment: { VERSION: 'one' } }));
    await eventually('the old', () => lines.some((line) => line.endsWith(' one')));
    running.update(config({ environment: { VERSION: 'two' } }));
    await eventually('the new', () => lines.some((line) => line.endsWith(' two')));
    await eventually('the old stops', () => pidsSaying('stopping').length === 1);
    await eventually('one is left', () => running.pids.length === 1);
    expect(warnings).toEqual([]);
  });

  test('one that has asked for protection is scaled in when it gives it up', async () => {
    const running = await start(busy, 1);
    const [pid = 0] = await eventually('a worker', () => pidsSaying('up').length === 1 && pidsSaying('up'));
    expect([running.busy, running.remainingMs]).toEqual([1, 5_000]);
    running.scaleTo(0);
    expect(running.pids).toEqual([pid]);
    await writeFile(join(directory, 'free'), '');
    await eventually('gone', () => !isRunning(pid));
    await eventually('none is left', () => running.pids.length === 0);
    expect([running.busy, running.remainingMs]).toEqual([0, 0]);
  });

  test('one that has asked for protection outlives a new version until it gives it up', async () => {
    const running = await start(busy, 1);
    const [old = 0] = await eventually('the old', () => pidsSaying('up').length === 1 && pidsSaying('up'));
    running.update(config({ environment: { VERSION: 'two' } }));
    const pids = await eventually('the new', () => pidsSaying('up').length === 2 && pidsSaying('up'));
    expect(isRunning(old)).toBe(true);
    expect([running.pids.sort(), pidsSaying('stopping')]).toEqual([[...pids].sort(), []]);
    await writeFile(join(directory, 'free'), '');
    await eventually('the old stops', () => !isRunning(old));
    await eventually('and has said so', () => pidsSaying('stopping').includes(old));
    expect(pidsSaying('stopping')).toEqual([old]);
  });

  test('stop gives them the drain time, then kills them with all they have started', async () => {
    const running = await start(
      `import { spawn } from 'node:child_process';
       const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
       console.log('child ' + child.pid);
       ${deaf}`,
      1,
    );
    await eventually('up', () => pidsSaying('up').length === 1);
    const pids = [...pidsSaying('up'), ...pidsSaying('child')];
    await running.stop({ drainMs: 50 });
    await eventually('all gone', () => pids.every((pid) => !isRunning(pid)));
    running.scaleTo(3);
    expect(running.pids).toEqual([]);
  });

  test('a platform that is killed takes its workers with it', async () => {
    await writeFile(join(directory, 'index.mjs'), deaf);
    const platform = startPlatformProcess();
    const pid = await pidOf(platform);
    platform.kill('SIGKILL');
    await once(platform, 'exit');
    await eventually('gone', () => !isRunning(pid));
  });
});

function startPlatformProcess(): ChildProcess {
  const module = join(import.meta.dirname, '../../../../local/aws/worker/service.ts');
  const hooks = '{ onLog: ({ text }) => console.log(text), onWarning: console.log, endLongPolls() {} }';
  const source = `import { startService } from ${JSON.stringify(module)};
    await startService(${JSON.stringify(config())}, 1, ${hooks});
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function pidOf(platform: ChildProcess): Promise<number> {
  let output = '';
  platform.stdout?.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  return Number(await eventually('a worker', () => /^up (\d+)/m.exec(output)?.[1]));
}
