import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Keys as boto3 takes them, such as those of a role that was assumed. */
export interface Keys {
  readonly aws_access_key_id: string;
  readonly aws_secret_access_key: string;
  readonly aws_session_token?: string;
}

/** What AWS refused, with AWS's own code and sentence. */
export class AwsRefusal extends Error {
  override readonly name = 'AwsRefusal';
  readonly code: string;

  constructor(what: string, { Code, Message }: { Code: string; Message: string }) {
    super(`${what}: ${Code}: ${Message}`);
    this.code = Code;
  }
}

/** A process of Python that makes AWS calls by boto3, which nobody here wrote. */
export class Boto3 {
  private readonly process: ChildProcess;
  private readonly pending = new Map<number, (answer: Answer) => void>();
  private calls = 0;

  constructor(python: string, env: NodeJS.ProcessEnv) {
    this.process = spawn(python, [join(import.meta.dirname, 'boto3_calls.py')], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      this.pending.get(answer.id)?.(answer);
      this.pending.delete(answer.id);
    });
  }

  /**
   * Makes a call as boto3 names it, such as `call('sqs', 'send_message', { QueueUrl, MessageBody })`.
   * @throws {AwsRefusal}
   */
  async call(
    service: string,
    operation: string,
    params: object = {},
    credentials: Keys | object = {},
    // biome-ignore lint/suspicious/noExplicitAny: boto3's answers have no types here, and the checks look at them.
  ): Promise<any> {
    this.calls += 1;
    const id = this.calls;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.pending.set(id, resolve);
    this.process.stdin?.write(`${JSON.stringify({ id, service, operation, params, credentials })}\n`);
    const answer = await promise;
    if (answer.error) throw new AwsRefusal(`${service}.${operation}`, answer.error);
    return answer.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.stdin?.end();
    if (this.process.exitCode === null) await once(this.process, 'exit');
  }
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly Code: string; readonly Message: string };
}
