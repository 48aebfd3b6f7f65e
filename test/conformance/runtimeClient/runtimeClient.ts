import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type ResponseStream,
  type RuntimeApi,
  type RuntimeOutcome,
  startRuntimeApi,
} from '../../../local/aws/lambda/runtimeApi.ts';

const run = promisify(execFile);

/** https://github.com/aws/aws-lambda-nodejs-runtime-interface-client */
const packageName = 'aws-lambda-ric@4.0.2';

/** Unpacks AWS's own runtime client, which is what runs a function's code on Lambda, and replaces its native part. */
export async function unpackRuntimeClient(folder: string): Promise<string> {
  await mkdir(folder);
  const { stdout } = await run('npm', ['pack', '--silent', packageName], { cwd: folder, timeout: 60_000 });
  await run('tar', ['xzf', stdout.trim()], { cwd: folder });
  const client = join(folder, 'package');
  // Node.js takes a folder of this name for the native module.
  const native = join(client, 'rapid-client.node');
  await mkdir(native);
  await cp(join(import.meta.dirname, 'rapidClient.cjs'), join(native, 'rapidClient.cjs'));
  await writeFile(join(native, 'package.json'), '{ "main": "rapidClient.cjs" }');
  return join(client, 'index.mjs');
}

/** A function's bundle, run by AWS's runtime client. */
export class BundleUnderClient {
  private readonly api: RuntimeApi;
  private readonly process: ChildProcess;
  /** The client asks for its next event. */
  private ready = Promise.withResolvers<void>();
  private outcome = Promise.withResolvers<RuntimeOutcome>();
  private stream = Promise.withResolvers<ResponseStream>();
  private output = '';

  private constructor(api: RuntimeApi, child: ChildProcess) {
    this.api = api;
    this.process = child;
    this.outcome.promise.catch(() => undefined);
    this.stream.promise.catch(() => undefined);
  }

  /** @param environment the function's own variables, and where AWS is */
  static async start(
    client: string,
    bundle: string,
    environment: NodeJS.ProcessEnv,
  ): Promise<BundleUnderClient> {
    let started: BundleUnderClient | undefined;
    const api = await startRuntimeApi({
      onNext: () => started?.ready.resolve(),
      onOutcome: (_id, outcome) => started?.outcome.resolve(outcome),
      onInitError: (outcome) => started?.ready.reject(new Error(JSON.stringify(outcome))),
      onStream: (_id, stream) => {
        started?.stream.resolve(stream);
        return true;
      },
    });
    const child = spawn(process.execPath, [client], {
      cwd: bundle,
      env: {
        ...environment,
        AWS_LAMBDA_RUNTIME_API: api.address,
        _HANDLER: 'index.handler',
        LAMBDA_TASK_ROOT: bundle,
        AWS_LAMBDA_FUNCTION_NAME: 'check',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/check',
        AWS_LAMBDA_LOG_STREAM_NAME: 'check',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started = new BundleUnderClient(api, child);
    const bundleRun = started;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        bundleRun.output += text;
      });
    }
    child.on('exit', (code) => {
      const error = new Error(`The runtime client ended with ${code}: ${bundleRun.output}`);
      bundleRun.ready.reject(error);
      bundleRun.outcome.reject(error);
      bundleRun.stream.reject(error);
    });
    try {
      await bundleRun.ready.promise;
    } catch (error) {
      bundleRun[Symbol.dispose]();
      throw error;
    }
    return bundleRun;
  }

  /** What the function answers to an event. */
  async invoke(event: object): Promise<unknown> {
    await this.deliver(event);
    const outcome = await this.outcome.promise;
    if (outcome.status === 'error') throw new Error(`${outcome.errorType}: ${outcome.errorMessage}`);
    return JSON.parse(outcome.payload);
  }

  /** What the function streams, from its first byte on. */
  async streamed(event: object): Promise<ResponseStream> {
    await this.deliver(event);
    return this.stream.promise;
  }

  private async deliver(event: object): Promise<void> {
    await this.ready.promise;
    this.ready = Promise.withResolvers<void>();
    this.outcome = Promise.withResolvers<RuntimeOutcome>();
    this.stream = Promise.withResolvers<ResponseStream>();
    // Whichever of the two nobody waits for.
    this.outcome.promise.catch(() => undefined);
    this.stream.promise.catch(() => undefined);
    this.api.deliver({
      requestId: crypto.randomUUID(),
      payload: JSON.stringify(event),
      deadlineMs: Date.now() + 15_000,
      functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:check',
      traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
    });
  }

  [Symbol.dispose](): void {
    this.process.removeAllListeners('exit');
    this.process.kill('SIGKILL');
    this.api.close();
  }
}
