import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from '../aws/behaviours/aws.ts';
import { eventually } from '../local/aws/fixtures/assembly/eventually.ts';
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
  readonly ministack: MiniStack;
  readonly project: Project;
  readonly outputs: Outputs;

  private constructor(folder: string, ministack: MiniStack, project: Project, outputs: Outputs) {
    this.folder = folder;
    this.ministack = ministack;
    this.project = project;
    this.outputs = outputs;
  }

  /**
   * What it starts and writes is ended and removed when this process ends.
   * @throws {PyPiUnreachableError} where MiniStack cannot be installed
   */
  static async create(): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'serverless-jobs-conformance-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    const ministack = await MiniStack.start(await installMiniStack(folder), folder);
    await ministack.aws.call('dynamodb', 'create_table', {
      TableName: probeTable,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    const project = await Project.create(join(folder, 'project'), ministack);
    await project.bootstrap(account, region);
    return new World(folder, ministack, project, await project.deploy());
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
      MessageAttributes: { jobName: text(jobName) },
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
    const enough = async () => {
      const runs = await this.runs(id);
      return runs.length >= count && runs;
    };
    return eventually(`${count} runs of ${id}`, enough, timeoutMs);
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
    const isReached = async () => (await this.depth(queueName)) === count;
    await eventually(`${count} messages in ${queueName}`, isReached, timeoutMs);
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
