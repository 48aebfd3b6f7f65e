import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from '../../../lib/bundle/build.ts';
import { startEventSourceMapping } from '../../../local/aws/lambda/eventSourceMapping.ts';
import { createFunction } from '../../../local/aws/lambda/function.ts';
import { compileCache } from '../../compileCache.ts';
import { queueName, type TestPlatform } from './platform.ts';
import type { Line } from './workerProcess.ts';

const root = resolve(import.meta.dirname, '../../..');

/** The job's bundle, as it would be uploaded; within the project, where the AWS SDK is found. */
export async function bundleHandler(): Promise<{ directory: string; remove(): Promise<void> }> {
  const cache = join(root, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, 'same-outcomes-'));
  const { outputFiles } = await build({
    ...bundleOptions,
    external: ['@aws-sdk/*'],
    sourcemap: false,
    absWorkingDir: root,
    stdin: { contents: handlerEntry, resolveDir: root, loader: 'ts' },
    outfile: join(directory, 'index.mjs'),
    write: false,
  });
  await writeFile(join(directory, 'index.mjs'), outputFiles[0]?.text ?? '');
  return { directory, remove: () => rm(directory, { recursive: true }) };
}

/** With the AWS SDK from the beginning: else a slow machine takes a second's timeout to load it in. */
const handlerEntry = `
  import '@aws-sdk/client-sqs';
  import job from './test/src/worker/outcomeJob.ts';
  import { createHandler } from './src/runtime/handler.ts';
  import { dynamoOnce } from './src/idempotency/once.ts';
  const idempotency = process.env.JOB_IDEMPOTENCY_TABLE ? {} : undefined;
  export const handler = idempotency
    ? createHandler({ ...job, idempotency }, 'TestJob', { once: dynamoOnce('TestJob', idempotency) })
    : createHandler(job, 'TestJob');
`;

/** A function and the mapping that hands it the queue's messages, one at a time. */
export function startLambda(
  platform: TestPlatform,
  directory: string,
  environment: Record<string, string>,
  timeoutSeconds: number,
): { lines: Line[]; stop(): Promise<void> } {
  const { engine, queueUrl, deadLetterQueueUrl } = platform;
  const lines: Line[] = [];
  const fn = createFunction(
    {
      functionName: 'jobs-test-TestJob',
      functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:jobs-test-TestJob',
      handler: 'index.handler',
      codeDirectory: directory,
      timeoutSeconds,
      memoryMb: 256,
      environment: {
        ...compileCache,
        JOB_QUEUE_URL: queueUrl,
        JOB_DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
        ...environment,
      },
      endpoint: engine.endpoint,
      region: engine.region,
    },
    {
      onLog: ({ text }) => {
        if (text.startsWith('{')) lines.push(JSON.parse(text) as Line);
      },
    },
  );
  const config = {
    queueName,
    batchSize: 1,
    batchWindowSeconds: 0,
    maxConcurrency: 1, // as the worker has it: two at once, and a duplicate would find the first still running
    reportBatchItemFailures: true,
    enabled: true,
  };
  const mapping = startEventSourceMapping(config, engine, fn, { onWarning: () => {} });
  return {
    lines,
    async stop() {
      await mapping.stop();
      await fn.stop({ drainMs: 0 });
    },
  };
}
