import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { type Engine, startEngine } from '../../local/aws/engine/engine.ts';
import { startEventSourceMapping } from '../../local/aws/lambda/eventSourceMapping.ts';
import { createFunction } from '../../local/aws/lambda/function.ts';
import { until } from '../local/aws/lambda/processes.ts';

type Act = 'throw' | 'throw once' | 'succeed';

interface Case {
  readonly act: Act;
  readonly idempotent?: boolean;
  /** The process is killed when it makes this call for the first time: before that is handled, or after. */
  readonly action: string;
  readonly moment: 'before' | 'after';
  readonly effects: number;
  /** The reasons of the dead letters at the end. */
  readonly letters: string[];
}

const cases: Case[] = [
  change('before'),
  change('after'),
  { act: 'throw', action: 'SendMessage', moment: 'before', effects: 0, letters: ['LostAttemptError'] },
  {
    act: 'throw',
    action: 'SendMessage',
    moment: 'after',
    effects: 0,
    letters: ['TypeError', 'LostAttemptError'],
  },
  once({ action: 'PutItem', moment: 'before', effects: 1 }),
  once({ action: 'PutItem', moment: 'after', effects: 1 }),
  once({ action: 'UpdateItem', moment: 'before', effects: 2 }), // it had its effect, and nothing remembers that
  once({ action: 'UpdateItem', moment: 'after', effects: 1 }),
  once({ action: 'DeleteItem', moment: 'before', effects: 1, act: 'throw once' }),
  once({ action: 'DeleteItem', moment: 'after', effects: 1, act: 'throw once' }),
];

function change(moment: Case['moment']): Case {
  return {
    act: 'throw',
    action: 'ChangeMessageVisibilityBatch',
    moment,
    effects: 0,
    letters: ['TypeError'],
  };
}

function once(rest: Pick<Case, 'action' | 'moment' | 'effects'> & { act?: Act }): Case {
  return { act: 'succeed', idempotent: true, letters: [], ...rest };
}

/** Made once, for whichever case comes first. */
let bundled: Promise<string> | undefined;
async function bundleDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'killed-'));
  await bundleHandler(join(directory, 'index.js'));
  return directory;
}
afterAll(async () => {
  if (bundled) await rm(await bundled, { recursive: true });
});

test.concurrent.each(cases)(
  'a process killed $moment its $action ($act) loses nothing',
  async (given) => {
    bundled ??= bundleDirectory();
    const effectsFile = join(await bundled, `effects-${cases.indexOf(given)}`);
    await writeFile(effectsFile, '');
    const engine = await startEngine({ port: 0, region: 'us-east-1', speed: 60 });
    try {
      await createResources(engine, given.idempotent ? 3 : 2);
      expect(await outcome(given, engine, effectsFile)).toEqual({
        killed: true,
        effects: given.effects,
        letters: given.letters,
      });
    } finally {
      await engine.stop();
    }
  },
  300_000,
);

async function outcome({ act, idempotent, action, moment }: Case, engine: Engine, effectsFile: string) {
  const fn = createFunction(
    {
      functionName: 'jobs-dev-Killed',
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:jobs-dev-Killed',
      handler: 'index.handler',
      codeDirectory: dirname(effectsFile),
      timeoutSeconds: 3,
      memoryMb: 256,
      environment: {
        JOB_QUEUE_URL: engine.queueUrl('killed'),
        JOB_DEAD_LETTER_QUEUE_URL: engine.queueUrl('killed-dead-letters'),
        JOB_IDEMPOTENCY_TABLE: 'killed',
        ACT: act,
        ...(idempotent && { IDEMPOTENT: 'yes' }),
        EFFECTS: effectsFile,
      },
      endpoint: engine.endpoint,
      region: engine.region,
    },
    { onLog: () => undefined },
  );
  let killed = false;
  engine.setFaults((request) => {
    if (killed || request.action !== action) return undefined;
    killed = true;
    for (const pid of fn.pids) process.kill(pid, 'SIGKILL');
    return { kind: moment === 'before' ? 'drop' : 'dropAfter' };
  });
  await engine.sqs('SendMessage', { QueueUrl: engine.queueUrl('killed'), MessageBody: '{}' });
  const config = {
    queueName: 'killed',
    batchSize: 10,
    batchWindowSeconds: 0,
    reportBatchItemFailures: true,
    enabled: true,
  };
  const mapping = startEventSourceMapping(config, engine, fn, { onWarning: () => undefined });
  try {
    await until(async () => {
      const counts = await engine.queueCounts('killed');
      return counts?.visible === 0 && counts.notVisible === 0 && counts.delayed === 0;
    }, 200_000);
  } finally {
    await mapping.stop();
    await fn.stop({ drainMs: 0 });
  }
  const effects = (await readFile(effectsFile, 'utf8')).length;
  const letters = (await engine.inspectQueue('killed-dead-letters'))?.visible ?? [];
  return {
    killed,
    effects,
    letters: letters.map(({ messageAttributes }) => {
      return JSON.parse(messageAttributes.deadLetterReason?.StringValue ?? '{}').name;
    }),
  };
}

async function createResources(engine: Engine, maxAttempts: number): Promise<void> {
  await engine.sqs('CreateQueue', { QueueName: 'killed-dead-letters' });
  const redrive = {
    deadLetterTargetArn: engine.queueArn('killed-dead-letters'),
    maxReceiveCount: maxAttempts + 1,
  };
  await engine.sqs('CreateQueue', {
    QueueName: 'killed',
    Attributes: { VisibilityTimeout: '60', RedrivePolicy: JSON.stringify(redrive) },
  });
  await engine.dynamo('CreateTable', {
    TableName: 'killed',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  });
}

/**
 * The job with the runtime as it is here; loading it unbundled is what would take the time. A byte in the file is an
 * effect.
 */
async function bundleHandler(outfile: string): Promise<void> {
  const contents = `
import { appendFileSync } from 'node:fs';
import { defineJob } from './job/index.ts';
import { createHandler } from './runtime/handler.ts';
import { dynamoOnce } from './idempotency/once.ts';
const { ACT, IDEMPOTENT, EFFECTS } = process.env;
const job = defineJob({
  maxAttempts: IDEMPOTENT ? 3 : 2,
  run(_payload, { attempt }) {
    if (ACT === 'throw' || (ACT === 'throw once' && attempt === 1)) throw new TypeError('no');
    appendFileSync(EFFECTS, '.');
  },
});
export const handler = createHandler(job, 'Killed', IDEMPOTENT ? { once: dynamoOnce('Killed', {}) } : {});
`;
  const stdin = { contents, loader: 'ts' as const, resolveDir: resolve(import.meta.dirname, '../../src') };
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'warning' });
}
