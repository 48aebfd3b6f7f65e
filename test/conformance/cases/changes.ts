import assert from 'node:assert/strict';
import { text } from '../../aws/behaviours/aws.ts';
import { check, describe } from '../checks.ts';
import { world } from '../world.ts';

describe('what is deployed changes', () => {
  check('by a second stage, which has its own jobs, topic and queues', async () => {
    const { project } = world();
    const { TopicArn } = await project.deploy('pr1');
    assert.notEqual(TopicArn, world().outputs.TopicArn);
    await world().publish('OtherJob', { id: 'in pr1' }, { topicArn: TopicArn });
    await world().untilRuns('OtherJob:in pr1', 1);
    const { output } = await project.jobs(['dlq', 'list'], 'pr1');
    assert.match(output, /stack jobs-pr1/);
    await project.destroy('pr1');
    await world().publish('OtherJob', { id: 'still in dev' });
    await world().untilRuns('OtherJob:still in dev', 1);
  });

  check('in place while messages wait, and each of them runs', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `waits-${index}`);
    const QueueUrl = world().queueUrl('jobs-dev-EchoJob');
    for (const id of ids) {
      const message = {
        MessageBody: JSON.stringify({ id }),
        MessageAttributes: { jobName: text('EchoJob') },
      };
      await world().ministack.aws.call('sqs', 'send_message', { QueueUrl, ...message, DelaySeconds: 40 });
    }
    await world().project.changeJob('EchoJob', "retryDelay: '3s'", "retryDelay: '4s'");
    await world().project.deploy();
    assert.equal(await world().depth('jobs-dev-EchoJob'), ids.length);
    for (const id of ids) await world().untilRuns(id, 1, 60_000);
    await world().untilDepth('jobs-dev-EchoJob', 0, 60_000);
    assert.equal(await world().depth('jobs-dev-EchoJob-dead-letters'), 0);
  });

  check('by a job that is added', async () => {
    await world().project.addJob('OtherJob', 'AddedJob');
    await world().project.deploy();
    await world().publish('AddedJob', { id: 'new' });
    await world().untilRuns('AddedJob:new', 1);
  });

  check('by a job that is renamed: its new name runs, its old one is unrouted', async () => {
    await world().project.removeJob('AddedJob');
    await world().project.addJob('OtherJob', 'RenamedJob');
    await world().project.deploy();
    await world().publish('RenamedJob', { id: 'renamed' });
    await world().untilRuns('RenamedJob:renamed', 1);
    await world().publish('AddedJob', { id: 'too late' });
    await world().untilDepth('jobs-dev-unrouted', 1);
    await world().project.jobs(['dlq', 'discard', 'unrouted', '--all', '--yes']);
  });

  check('by a job that is removed, and nothing else goes with it', async () => {
    await world().project.removeJob('RenamedJob');
    await world().project.deploy();
    const queues = await queueNames();
    assert.ok(!queues.some((name) => name.includes('RenamedJob')), queues.join(' '));
    await world().publish('EchoJob', { id: 'after the removal' });
    await world().untilRuns('after the removal', 1);
  });

  check('to nothing, when it is destroyed', async () => {
    await world().project.destroy('dev');
    assert.deepEqual(await queueNames(), []);
    const { aws } = world().ministack;
    const { Topics = [] } = await aws.call('sns', 'list_topics');
    assert.deepEqual(Topics, []);
    const { Functions } = await aws.call('lambda', 'list_functions');
    assert.deepEqual(Functions, []);
    const { TableNames } = await aws.call('dynamodb', 'list_tables');
    assert.deepEqual(TableNames, ['conformance-runs']);
    const { Schedules } = await aws.call('scheduler', 'list_schedules');
    assert.deepEqual(Schedules, []);
  });
});

async function queueNames(): Promise<string[]> {
  const { QueueUrls = [] } = await world().ministack.aws.call('sqs', 'list_queues', {
    QueueNamePrefix: 'jobs-dev',
  });
  return QueueUrls.map((url: string) => url.split('/').at(-1));
}
