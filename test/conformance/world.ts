import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { probeTable } from './jobs/probe/noteRun.ts';
import { installMiniStack } from './ministack/install.ts';
import { account, MiniStack, region } from './ministack/server.ts';
import { type Outputs, Project } from './project.ts';

/** A run of a job, as its table of runs has it. */
export interface Run {
  readonly at: number;
  readonly attempt: number;
}

/** MiniStack with stage dev of the platform deployed to it, and what the checks do with it. */
export class World {
  readonly folder: string;
  readonly python: string;
  readonly ministack: MiniStack;
  readonly project: Project;
  readonly outputs: Outputs;

  private constructor(
    folder: string,
    python: string,
    ministack: MiniStack,
    project: Project,
    outputs: Outputs,
  ) {
    this.folder = folder;
    this.python = python;
    this.ministack = ministack;
    this.project = project;
    this.outputs = outputs;
  }

  /** @throws {PyPiUnreachableError} where MiniStack cannot be installed */
  static async create(): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'serverless-jobs-conformance-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    try {
      const python = await installMiniStack(folder);
      const ministack = await MiniStack.start(python, folder);
      try {
        await ministack.aws.call('dynamodb', 'create_table', {
          TableName: probeTable,
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          BillingMode: 'PAY_PER_REQUEST',
        });
        const project = await Project.create(join(folder, 'project'), ministack);
        await project.bootstrap(account, region);
        return new World(folder, python, ministack, project, await project.deploy());
      } catch (error) {
        await ministack[Symbol.asyncDispose]();
        throw error;
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ministack[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Publishes by boto3 as any program would: JSON and the attribute `jobName`. */
  async publish(
    jobName: string,
    payload: unknown,
    { topicArn = this.outputs.TopicArn } = {},
  ): Promise<string> {
    const { MessageId } = await this.ministack.aws.call('sns', 'publish', {
      TopicArn: topicArn,
      Message: JSON.stringify(payload),
      MessageAttributes: { jobName: stringAttribute(jobName) },
    });
    return MessageId;
  }

  queueUrl(name: string): string {
    return `${this.ministack.endpoint}/${account}/${name}`;
  }

  async runs(id: string): Promise<readonly Run[]> {
    const { Item } = await this.ministack.aws.call('dynamodb', 'get_item', {
      TableName: probeTable,
      Key: { id: { S: id } },
      ConsistentRead: true,
    });
    const runs = (Item?.runs.L ?? []) as { M: { at: { N: string }; attempt: { N: string } } }[];
    return runs.map(({ M }) => ({ at: Number(M.at.N), attempt: Number(M.attempt.N) }));
  }

  /** Waits until as many runs of this ID are noted. */
  untilRuns(id: string, count: number, timeoutMs = 30_000): Promise<readonly Run[]> {
    return eventually(`${count} runs of ${id}`, timeoutMs, async () => {
      const runs = await this.runs(id);
      return runs.length >= count ? runs : undefined;
    });
  }

  /** How many messages a queue has: waiting, in flight and delayed. */
  async depth(queueName: string): Promise<number> {
    const names = ['', 'NotVisible', 'Delayed'].map((part) => `ApproximateNumberOfMessages${part}`);
    const { Attributes } = await this.ministack.aws.call('sqs', 'get_queue_attributes', {
      QueueUrl: this.queueUrl(queueName),
      AttributeNames: names,
    });
    return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
  }

  async untilDepth(queueName: string, count: number, timeoutMs = 40_000): Promise<void> {
    await eventually(`${count} messages in ${queueName}`, timeoutMs, async () =>
      (await this.depth(queueName)) === count ? true : undefined,
    );
  }
}

export function stringAttribute(value: string): object {
  return { DataType: 'String', StringValue: value };
}

/** Asks until the answer is not undefined. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`Not seen within ${timeoutMs / 1000} s: ${what}`);
    await delay(200);
  }
}

let current: World | undefined;

/** The checks run in this process, one after the other, in the world that `run.ts` has made. */
export function enter(world: World): void {
  current = world;
}

export function world(): World {
  if (current === undefined)
    throw new Error('The checks are run by `npm run conformance`, which deploys first.');
  return current;
}
