import assert from 'node:assert/strict';
import { text } from '../../aws/behaviours/aws.ts';
import { eventually } from '../../local/aws/fixtures/assembly/eventually.ts';
import { check, describe } from '../checks.ts';
import { world } from '../world.ts';

describe('a message is routed', () => {
  check('to the job whose name is its jobName, and to no other', async () => {
    await world().publish('EchoJob', { id: 'routed' });
    await world().untilRuns('routed', 1);
    assert.deepEqual(await world().runs('OtherJob:routed'), []);
    await world().publish('OtherJob', { id: 'routed' });
    await world().untilRuns('OtherJob:routed', 1);
    assert.equal((await world().runs('routed')).length, 1);
  });

  check('when ten are published in one call', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `ten-${index}`);
    const { Successful } = await world().ministack.aws.call('sns', 'publish_batch', {
      TopicArn: world().outputs.TopicArn,
      PublishBatchRequestEntries: ids.map((id) => ({
        Id: id,
        Message: JSON.stringify({ id }),
        MessageAttributes: { jobName: text('EchoJob') },
      })),
    });
    assert.equal(Successful.length, 10);
    for (const id of ids) assert.equal((await world().untilRuns(id, 1)).length, 1);
  });

  check('when the CLI publishes it', async () => {
    const { exitCode, output } = await world().project.jobs(['publish', 'EchoJob', '{"id":"by the CLI"}']);
    assert.equal(exitCode, 0, output);
    await world().untilRuns('by the CLI', 1);
  });

  check('when it comes from the schedule of a job, as its target says', async () => {
    const { aws } = world().ministack;
    const { Schedules } = await aws.call('scheduler', 'list_schedules');
    const [schedule] = Schedules.filter(({ Name }: { Name: string }) => Name.includes('LaterJob'));
    const { Target } = await aws.call('scheduler', 'get_schedule', {
      Name: schedule.Name,
      GroupName: schedule.GroupName,
    });
    assert.equal(Target.Arn, 'arn:aws:scheduler:::aws-sdk:sns:publish');
    await aws.call('sns', 'publish', JSON.parse(Target.Input));
    await world().untilRuns('daily', 1);
  });

  check('to the unrouted queue when no job has its name, and from there by the CLI', async () => {
    await world().publish('NoSuchJob', { id: 'lost' });
    await world().untilDepth('jobs-dev-unrouted', 1);
    const { output } = await world().project.jobs(['dlq', 'show', 'unrouted']);
    assert.match(output, /NoSuchJob/);
    const discarded = await world().project.jobs(['dlq', 'discard', 'unrouted', '--all', '--yes']);
    assert.equal(discarded.exitCode, 0, discarded.output);
    await world().untilDepth('jobs-dev-unrouted', 0);
  });

  check('later when the CLI delays it: a schedule of one time, gone once it is cancelled', async () => {
    const { project, ministack } = world();
    const delayed = ['publish', 'EchoJob', '{"id":"later"}', '--delay', '2h', '--json'];
    const { exitCode, stdout, output } = await project.jobs(delayed);
    assert.equal(exitCode, 0, output);
    const ours = async () => {
      const { Schedules } = await ministack.aws.call('scheduler', 'list_schedules', {
        GroupName: 'jobs-dev-once',
      });
      return Schedules as { Name: string }[];
    };
    const [schedule] = await ours();
    assert.ok(schedule);
    const { jobId } = JSON.parse(stdout);
    const cancelled = await project.jobs(['schedules', 'cancel', jobId]);
    assert.equal(cancelled.exitCode, 0, cancelled.output);
    await eventually('the schedule is gone', async () => (await ours()).length === 0);
  });
});
