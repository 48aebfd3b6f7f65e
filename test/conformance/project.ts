import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { linkPackages } from '../../bench/project.ts';
import type { MiniStack } from './ministack/server.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const jobs = join(import.meta.dirname, 'jobs');

/** How a command ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  /** Standard output and standard error. */
  readonly output: string;
}

/** What a stack's outputs are, by their name. */
export type Outputs = Readonly<Record<'TopicArn' | 'AlarmTopicArn' | 'ApiUrl' | 'FilesBucket', string>>;

/** A copy of this project with jobs of its own, deployed by plain `cdk` and used by the CLI. */
export class Project {
  readonly folder: string;
  private readonly ministack: MiniStack;

  private constructor(folder: string, ministack: MiniStack) {
    this.folder = folder;
    this.ministack = ministack;
  }

  static async create(folder: string, ministack: MiniStack): Promise<Project> {
    await mkdir(folder);
    const copied = ['bin', 'lib', 'src', 'cli', 'package.json', 'tsconfig.json', 'cdk.json'];
    for (const entry of copied) await cp(join(root, entry), join(folder, entry), { recursive: true });
    await linkPackages(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const sample of ['PushupsJob', 'StretchJob']) {
      await rm(join(folder, `src/jobs/${sample}.ts`));
    }
    const project = new Project(folder, ministack);
    await cp(join(jobs, 'probe'), join(folder, 'src/jobs/probe'), { recursive: true });
    for (const job of ['EchoJob', 'CrashJob', 'OtherJob', 'OnceJob', 'LaterJob']) await project.addJob(job);
    return project;
  }

  /** Copies a job file of test/conformance/jobs; its platform has it from the next deploy on. */
  async addJob(name: string, as = name): Promise<void> {
    const source = await readFile(join(jobs, `${name}.ts`), 'utf8');
    await writeFile(join(this.folder, `src/jobs/${as}.ts`), source.replaceAll("'../../../src/", "'../"));
  }

  /** Edits a job file of the copy. */
  async changeJob(name: string, from: string, to: string): Promise<void> {
    const file = join(this.folder, `src/jobs/${name}.ts`);
    const source = await readFile(file, 'utf8');
    if (!source.includes(from)) throw new Error(`${name}.ts does not have ${from}`);
    await writeFile(file, source.replace(from, to));
  }

  async removeJob(name: string): Promise<void> {
    await rm(join(this.folder, `src/jobs/${name}.ts`));
  }

  async bootstrap(account: string, region: string): Promise<void> {
    await this.cdk('bootstrap', `aws://${account}/${region}`);
  }

  async deploy(stage = 'dev'): Promise<Outputs> {
    const file = `outputs-${stage}.json`;
    const context = ['-c', `stage=${stage}`, '-c', 'alarmEmail=oncall@example.com'];
    await this.cdk('deploy', '--require-approval', 'never', '--outputs-file', file, ...context);
    return JSON.parse(await readFile(join(this.folder, file), 'utf8'))[`jobs-${stage}`];
  }

  async destroy(stage: string): Promise<void> {
    await this.cdk('destroy', '--force', '-c', `stage=${stage}`);
  }

  private async cdk(...args: string[]): Promise<void> {
    const { exitCode, output } = await this.command('node_modules/aws-cdk/bin/cdk', ...args);
    if (exitCode !== 0)
      throw new Error(`cdk ${args.join(' ')} ended with ${exitCode}:\n${output.slice(-4_000)}`);
  }

  /** `jobs <args> --stack jobs-<stage>` */
  jobs(args: readonly string[], stage = 'dev'): Promise<Ended> {
    const preload = join(import.meta.dirname, 'ministack/reachFunctionUrls.mjs');
    return this.command('--import', preload, 'bin/jobs.ts', ...args, '--stack', `jobs-${stage}`);
  }

  private async command(...args: readonly string[]): Promise<Ended> {
    try {
      const { stdout, stderr } = await run(process.execPath, args, {
        cwd: this.folder,
        env: this.ministack.environment,
        timeout: 120_000,
      });
      return { exitCode: 0, stdout, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code?: unknown; stdout: string; stderr: string };
      if (typeof code !== 'number') throw error;
      return { exitCode: code, stdout, output: stdout + stderr };
    }
  }
}
