import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../freePort.ts';
import { Boto3 } from './boto3.ts';

const here = import.meta.dirname;
export const region = 'eu-west-1';
export const account = '000000000000';

/** MiniStack with signatures, IAM and TLS checked, on a port of its own of the loopback address. */
export class MiniStack {
  readonly endpoint: string;
  /** What a process needs to reach it as the user `deployer`, who may do everything. */
  readonly environment: NodeJS.ProcessEnv;
  /** Calls as the user `deployer`. */
  readonly aws: Boto3;

  private constructor(endpoint: string, environment: NodeJS.ProcessEnv, aws: Boto3) {
    this.endpoint = endpoint;
    this.environment = environment;
    this.aws = aws;
  }

  /** It ends when this process does. */
  static async start(python: string, folder: string): Promise<MiniStack> {
    const port = await freePort();
    const tmp = join(folder, 'tmp');
    const certificate = join(tmp, 'ministack-tls/server.crt');
    const endpoint = `https://localhost:${port}`;
    await mkdir(join(tmp, 'node_modules'), { recursive: true });
    await symlink(resolve('node_modules/@aws-sdk'), join(tmp, 'node_modules/@aws-sdk'));

    await writeNode(join(folder, 'bin'));
    const child = spawn(python, [join(here, 'start_ministack.py')], {
      env: {
        PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
        HOME: folder,
        TMPDIR: tmp,
        AUTH: 'true',
        USE_SSL: '1',
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        MINISTACK_REGION: region,
        SFTP_ENABLED: '0',
        IOT_MTLS_ENABLED: '0',
      },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    process.prependOnceListener('exit', () => stop(child)); // before its folder is removed
    const log = createWriteStream(join(folder, 'ministack.log'));
    child.stdout.pipe(log);
    child.stderr.pipe(log);

    const environment = {
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: folder,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      AWS_CA_BUNDLE: certificate,
      NODE_EXTRA_CA_CERTS: certificate,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    await answers(child, port);
    const deployer = { ...environment, ...(await deployerKeys(python, environment)) };
    return new MiniStack(endpoint, deployer, new Boto3(python, deployer));
  }
}

/** The `node` that MiniStack runs functions with: this one, with `awslambda`. */
async function writeNode(folder: string): Promise<void> {
  await mkdir(folder);
  const script = `#!/bin/sh\nexec '${process.execPath}' --require '${join(here, 'awslambda.cjs')}' "$@"\n`;
  await writeFile(join(folder, 'node'), script, { mode: 0o755 });
}

/** Its functions are processes of its group. */
function stop(child: ChildProcess): void {
  try {
    process.kill(-(child.pid as number), 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function answers(child: ChildProcess, port: number): Promise<void> {
  let output = '';
  child.stderr?.on('data', (text) => {
    output += text;
  });
  child.stdout?.on('data', (text) => {
    output += text;
  });
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null)
      throw new Error(`MiniStack ended with ${child.exitCode}: ${output.slice(-2_000)}`);
    if (output.includes(`Running on https://127.0.0.1:${port}`)) return;
    await delay(100);
  }
  throw new Error(`MiniStack does not answer after 30 s: ${output.slice(-2_000)}`);
}

/** MiniStack does not check the signatures of its root user, but of every other. */
async function deployerKeys(python: string, root: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  await using iam = new Boto3(python, root);
  const UserName = 'deployer';
  await iam.call('iam', 'create_user', { UserName });
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await iam.call('iam', 'attach_user_policy', { UserName, PolicyArn });
  const { AccessKey } = await iam.call('iam', 'create_access_key', { UserName });
  return { AWS_ACCESS_KEY_ID: AccessKey.AccessKeyId, AWS_SECRET_ACCESS_KEY: AccessKey.SecretAccessKey };
}
