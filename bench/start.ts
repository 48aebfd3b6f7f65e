import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { elapsedMs, interleavedRatio, type Measure, median } from './measure.ts';

const root = resolve(import.meta.dirname, '..');

/** How long people wait for what they start. */
export const startMeasures: Measure[] = [
  {
    name: 'cli-start',
    peer: 'node, for an empty script with the same loader',
    target: '≤ 1.4',
    of: 'time of `jobs --help`, the whole process, its compile cache warm',
    ratio: () =>
      interleavedRatio(
        () => run('bin/jobs.ts', '--help'),
        () => run('bench/peers/emptyScript.ts'),
        { rounds: 61, warmUp: 3 },
      ),
  },
  {
    name: 'local-ready',
    peer: 'cdk synth alone',
    target: '≤ 2',
    of: 'time until npm start is ready, bundles warm',
    ratio: readyRatio,
  },
];

/** `npm start` until its platform.json is there, over `cdk synth` alone. Both run in this project, bundles warm. */
async function readyRatio(): Promise<number> {
  const ratios: number[] = [];
  await synth();
  for (let round = 0; round < 4; round++) {
    let platform: ChildProcess | undefined;
    const readyMs = await elapsedMs(async () => {
      platform = await startedPlatform();
    });
    await stop(platform as ChildProcess);
    ratios.push(readyMs / (await elapsedMs(synth)));
  }
  return median(ratios);
}

async function startedPlatform(): Promise<ChildProcess> {
  const file = join(root, '.local/platform.json');
  if (existsSync(file))
    throw new Error('a local platform runs already: stop it to measure how fast one starts');
  const child = spawn(process.execPath, ['bin/local.ts', '--port', '0', '--console-port', '0'], {
    cwd: root,
    stdio: 'ignore',
  });
  while (!existsSync(file)) {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return child;
}

async function stop(platform: ChildProcess): Promise<void> {
  const exited = once(platform, 'exit');
  platform.kill('SIGINT');
  await exited;
}

async function synth(): Promise<void> {
  const output = join(root, 'cdk.out.bench');
  await run('node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--output', output);
  await rm(output, { recursive: true, force: true });
}

/** Runs a script of this project to its end. */
async function run(script: string, ...words: string[]): Promise<void> {
  const child = spawn(process.execPath, [script, ...words], { cwd: root, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${[script, ...words].join(' ')} ended with ${code}`);
}
