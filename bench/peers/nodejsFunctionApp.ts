import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { App, Duration, Stack } from 'aws-cdk-lib/core';

/**
 * The usual pattern for the same jobs: each has a queue, a dead-letter queue, an alarm and a NodejsFunction. Half of the jobs
 * are in each of two stacks.
 */
const app = new App();
const names = readdirSync('src/jobs').map((file) => basename(file, '.ts'));
const half = Math.ceil(names.length / 2);
addStack('First', names.slice(0, half));
addStack('Second', names.slice(half));
app.synth();

function addStack(id: string, jobNames: readonly string[]): void {
  const stack = new Stack(app, id);
  const topic = new Topic(stack, 'Topic');
  for (const name of jobNames) addJob(stack, topic, name);
}

function addJob(stack: Stack, topic: Topic, name: string): void {
  const deadLetterQueue = new Queue(stack, `${name}DeadLetterQueue`, { retentionPeriod: Duration.days(14) });
  const queue = new Queue(stack, `${name}Queue`, {
    visibilityTimeout: Duration.seconds(90),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 5 },
  });
  topic.addSubscription(
    new SqsSubscription(queue, {
      filterPolicy: { jobName: SubscriptionFilter.stringFilter({ allowlist: [name] }) },
    }),
  );
  const handler = new NodejsFunction(stack, `${name}Function`, {
    entry: entryOf(name),
    runtime: Runtime.NODEJS_24_X,
  });
  handler.addEventSource(new SqsEventSource(queue, { reportBatchItemFailures: true }));
  new Alarm(stack, `${name}Alarm`, {
    metric: deadLetterQueue.metricApproximateAgeOfOldestMessage(),
    threshold: 900,
    evaluationPeriods: 1,
  });
}

function entryOf(name: string): string {
  const entry = join(process.cwd(), `${name}.entry.ts`);
  const from = (path: string): string => JSON.stringify(join(process.cwd(), path));
  writeFileSync(
    entry,
    `import job from ${from(`src/jobs/${name}.ts`)};
import { createHandler } from ${from('src/runtime/handler.ts')};
export const handler = createHandler(job, '${name}');
`,
  );
  return entry;
}
