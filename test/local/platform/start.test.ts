import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { runProgram } from '../../../local/platform/program.ts';
import { eventually } from '../aws/fixtures/assembly/eventually.ts';
import { handlerThatSays } from '../aws/fixtures/assembly/writeAssembly.ts';
import { isRunning } from '../aws/lambda/processes.ts';

const bin = join(import.meta.dirname, '../../../bin/local.ts');
const fixture = join(import.meta.dirname, '../aws/fixtures/assembly/writeAssembly.ts');

let project: string;
let children: ChildProcess[];

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'start-'));
  children = [];
  await mkdir(join(project, 'bin'));
  await mkdir(join(project, 'src'));
  await write('src/handler.txt', handlerThatSays('one'));
  await write(
    'bin/app.ts',
    `import { readFileSync, writeFileSync } from 'node:fs';
     import { createHash } from 'node:crypto';
     import { jobResources, topicResource, writeAssembly } from ${JSON.stringify(fixture)};
     const source: string = readFileSync('src/handler.txt', 'utf8');
     if (source === 'loops') { console.error('pid=' + process.pid); writeFileSync('app.pid', String(process.pid)); for (;;); }
     if (source === 'broken') throw new Error('the app is broken');
     const hash = createHash('sha256').update(source).digest('hex');
     await writeAssembly(process.env.CDK_OUTDIR!, { test: { Resources: { ...topicResource, ...jobResources('A', hash) } } }, { [hash]: source });`,
  );
});
afterEach(async () => {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(project, { recursive: true, force: true });
});

const write = (file: string, text: string) => writeFile(join(project, file), text);

const anyPorts = ['--port', '0', '--console-port', '0', '--api-port', '0'];

function start(...options: string[]) {
  const child = spawn(process.execPath, [bin, ...anyPorts, ...options], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const run = {
    child,
    output: '',
    errors: '',
    exit: once(child, 'close').then(([code]) => code as number | null),
  };
  child.stdout.on('data', (chunk) => {
    run.output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    run.errors += chunk;
  });
  return run;
}

const ready = (run: { output: string }) =>
  eventually('ready', () => run.output.includes('Ctrl-C stops'), 60_000);

/** The process id of an app that runs in an endless loop. */
const loopingApp = () =>
  eventually('the app loops', async () => {
    return Number(await readFile(join(project, 'app.pid'), 'utf8').catch(() => '')) || undefined;
  });

async function publish(payload: unknown): Promise<void> {
  const { endpoint, topicArn } = JSON.parse(await readFile(join(project, '.local/platform.json'), 'utf8'));
  const attribute = 'MessageAttributes.entry.1';
  const body = new URLSearchParams({
    Action: 'Publish',
    TopicArn: topicArn,
    Message: JSON.stringify(payload),
    [`${attribute}.Name`]: 'jobName',
    [`${attribute}.Value.DataType`]: 'String',
    [`${attribute}.Value.StringValue`]: 'A',
  });
  expect((await fetch(endpoint, { method: 'POST', body })).status).toBe(200);
}

test('says what it serves, applies edits, survives a broken one, and stops cleanly', async () => {
  const run = start();
  await ready(run);
  expect(run.output).toMatch(/Serving 1 job: A\n +endpoint +http:\/\/127\.0\.0\.1:\d+ /);
  expect(run.output).toMatch(
    /npm run jobs -- publish A .*\n.*\n +export AWS_ENDPOINT_URL=http:\S+ AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 .* TOPIC_ARN=arn:aws:sns:us-east-1:000000000000:test\n/,
  );
  await publish(1);
  await eventually('the handler’s line', () => /^\d\d:\d\d:\d\d test-A {2}one 1$/m.test(run.output));

  await write('src/handler.txt', 'broken');
  await eventually('the error', () => /the app is broken[\s\S]*The version before runs on/.test(run.output));
  await publish(2);
  await eventually('the old version', () => run.output.includes('one 2'));

  await write('src/handler.txt', handlerThatSays('two'));
  await eventually('the edit', () => run.output.includes('updated AFunction'));
  await publish(3);
  await eventually('the new version', () => run.output.includes('two 3'));

  run.child.kill('SIGTERM');
  expect(await run.exit).toBe(0);
  expect(await readdir(join(project, '.local'))).toEqual(['cdk.out']);
  expect(run.errors).toBe('');
});

test('the variables of .env.local reach functions and workers', async () => {
  await write('.env.local', 'GREETING=from-the-laptop\nMORE="and more"\n');
  const handler = `export const handler = async () => {
    console.log('function', process.env.GREETING, process.env.MORE);
    return { batchItemFailures: [] };
  };`;
  const worker = `console.log('worker', process.env.GREETING, process.env.MORE);
    setInterval(() => {}, 1000);
    process.on('SIGTERM', () => process.exit());`;
  await write(
    'bin/app.ts',
    `import { jobResources, topicResource, writeAssembly } from ${JSON.stringify(fixture)};
     const { AFunction } = jobResources('A', 'handler');
     Object.assign(AFunction.Properties, { Environment: { Variables: { GREETING: 'from-the-template' } } });
     const Environment = [{ Name: 'GREETING', Value: 'from-the-template' }];
     const ContainerDefinitions = [{ Name: 'worker', Image: 'images:worker', Environment }];
     const Resources = {
       ...topicResource,
       ...jobResources('A', 'handler'),
       AFunction,
       Task: { Type: 'AWS::ECS::TaskDefinition', Properties: { Family: 'b', ContainerDefinitions } },
       Service: { Type: 'AWS::ECS::Service', Properties: { ServiceName: 'b', TaskDefinition: { Ref: 'Task' } } },
     };
     const code = ${JSON.stringify({ handler, worker })};
     await writeAssembly(process.env.CDK_OUTDIR!, { test: { Resources } }, code);`,
  );
  const run = start();
  await ready(run);
  await publish(1);
  for (const runner of ['function', 'worker']) {
    await eventually(runner, () => run.output.includes(`${runner} from-the-laptop and more`));
  }
  run.child.kill('SIGTERM');
  expect(await run.exit).toBe(0);
});

test('an app that loops at import holds up neither the next edit nor the stop', async () => {
  const run = start();
  await ready(run);
  await write('src/handler.txt', 'loops');
  const first = await loopingApp();
  await write('src/handler.txt', handlerThatSays('two'));
  await eventually('the edit', () => run.output.includes('updated AFunction'));
  expect(isRunning(first)).toBe(false);
  await rm(join(project, 'app.pid'));
  await write('src/handler.txt', 'loops');
  const second = await loopingApp();
  run.child.kill('SIGTERM');
  expect(await run.exit).toBe(0);
  expect(isRunning(second)).toBe(false);
});

test('an app that loops at import ends with the start', async () => {
  await write('src/handler.txt', 'loops');
  const run = start();
  const pid = await loopingApp();
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(0);
  await eventually('it is gone', () => !isRunning(pid));
  expect(run.errors).toBe('');
});

test('what is in flight finishes although nobody reads the output any more', async () => {
  const done = join(project, 'done');
  await write(
    'src/handler.txt',
    `import { writeFileSync } from 'node:fs';
     export const handler = async () => {
       console.log('begun');
       await new Promise((resolve) => setTimeout(resolve, 700));
       for (let line = 0; line < 3; line++) console.log('still at work');
       writeFileSync(${JSON.stringify(done)}, '');
     };`,
  );
  const run = start();
  await ready(run);
  await publish(1);
  await eventually('it has begun', () => run.output.includes('begun'));
  run.child.stdout?.destroy(); // as `| tee` does, which the same Ctrl-C ends first
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(0);
  expect(existsSync(done)).toBe(true);
  expect(run.errors).toBe('');
});

test('a second signal ends it at once, a handler in an endless loop included', async () => {
  await write(
    'src/handler.txt',
    "export const handler = () => { console.log('pid=' + process.pid); for (;;); };",
  );
  const run = start();
  await ready(run);
  await publish(1);
  const pid = Number(await eventually('the handler', () => /pid=(\d+)/.exec(run.output)?.[1]));
  run.child.kill('SIGINT');
  await eventually('stopping', () => run.output.includes('Stopping'));
  expect(run.output).toMatch(/Stopping; what is in flight finishes, in \d+ s at most \(Ctrl-C again/);
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(130);
  await eventually('the sandbox is gone', () => !isRunning(pid));
  expect(await readdir(join(project, '.local'))).toEqual(['cdk.out']);
});

test.each(['--port', '--console-port'])('a %s that is taken is said before anything runs', async (option) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const run = start(option, String(port));
  expect(await run.exit).toBe(1);
  expect(run.errors).toMatch(new RegExp(`^.*${port}.*${option} N.*\n$`));
  expect(run.output).not.toContain('created');
  server.close();
});

test('a misspelt --inspect is refused with the nearest name, before anything is created', async () => {
  const run = start('--inspect', 'B');
  expect(await run.exit).toBe(1);
  expect(run.errors).toBe("--inspect: there is no job 'B'. Did you mean A?\n");
  expect(run.output).not.toContain('created');
  expect(await readdir(join(project, '.local'))).toEqual(['cdk.out']);
});

test('an app that fails is shown as it is', async () => {
  await write('src/handler.txt', 'broken');
  const run = start();
  expect(await run.exit).toBe(1);
  expect(run.errors).toContain('Error: the app is broken');
  expect(await readdir(join(project, '.local/cdk.out'))).toEqual([]);
});

test('a bad option is refused with exit code 2, before anything runs', async () => {
  const run = start('--speed', '0');
  expect(await run.exit).toBe(2);
  expect(run.errors).toMatch(/--speed.*'0' is invalid\. A speed is a number from 1 to 3600/);
  expect(run.output).toBe('');
});

test.each([
  [['--speed', 'fast'], /A speed is a number/],
  [['--port', 'abc'], /--port.*A port is a whole number from 0 to 65535/],
  [['--console-port', '70000'], /A port is a whole number/],
  [['--api-port', '-1'], /A port is a whole number/],
  [['-c', 'stage'], /--context takes key=value, got stage/],
  [['--what'], /unknown option '--what'/],
  [['--port', '4101'], /--port and --console-port are both 4101: give each its own/],
])('so is %j', async (options, message) => {
  using _exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exits with ${code}`);
  });
  using errors = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(runProgram(options)).rejects.toThrow('exits with 2');
  expect(errors.mock.calls.join('')).toMatch(message);
});
