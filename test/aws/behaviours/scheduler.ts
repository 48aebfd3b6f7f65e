import assert from 'node:assert/strict';
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { eventually } from '../../local/aws/fixtures/assembly/eventually.ts';
import type { Aws } from './aws.ts';
import { issues, refused, rowsOf } from './behaviour.ts';

const { rows, met } = rowsOf('scheduler', issues.engine);

export { rows as scheduler };

const api = (action: string) =>
  `https://docs.aws.amazon.com/scheduler/latest/APIReference/API_${action}.html`;
const guide = (page: string) => `https://docs.aws.amazon.com/scheduler/latest/UserGuide/${page}.html`;
const types = guide('schedule-types');

/** A schedule that is disabled, so that it needs no role that may publish. */
async function input(
  aws: Aws,
  more: Partial<CreateScheduleCommandInput> = {},
): Promise<CreateScheduleCommandInput> {
  const topic = await aws.topic();
  const account = topic.split(':')[4];
  return {
    Name: aws.name(),
    GroupName: more.GroupName ?? (await aws.scheduleGroup()),
    ScheduleExpression: 'rate(1 day)',
    State: 'DISABLED',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: 'arn:aws:scheduler:::aws-sdk:sns:publish',
      RoleArn: `arn:aws:iam::${account}:role/behaviour`,
      Input: JSON.stringify({ TopicArn: topic, Message: '{}' }),
    },
    ...more,
  };
}

const create = async (aws: Aws, more: Partial<CreateScheduleCommandInput> = {}) => {
  const request = await input(aws, more);
  await aws.scheduler.send(new CreateScheduleCommand(request));
  return request;
};
const named = ({ Name, GroupName }: CreateScheduleCommandInput) => ({ Name, GroupName });

met('A schedule is answered as it was made', api('GetSchedule'), async (aws) => {
  const made = await create(aws, { ScheduleExpressionTimezone: 'Europe/Berlin', Description: 'd' });
  const got = await aws.scheduler.send(new GetScheduleCommand(named(made)));
  for (const name of [
    'Name',
    'GroupName',
    'ScheduleExpression',
    'ScheduleExpressionTimezone',
    'State',
    'Description',
  ] as const) {
    assert.equal(got[name], made[name], name);
  }
  assert.equal(got.Target?.Input, made.Target?.Input);
  assert.match(got.Arn ?? '', /:schedule\/behaviour-/);
});
met('A time zone is UTC by default', api('CreateSchedule'), async (aws) => {
  const got = await aws.scheduler.send(new GetScheduleCommand(named(await create(aws))));
  assert.equal(got.ScheduleExpressionTimezone, 'UTC');
});
met('A name is taken once in a group', api('CreateSchedule'), async (aws) => {
  const made = await create(aws);
  await refused(
    aws.scheduler.send(new CreateScheduleCommand({ ...made, ClientToken: 'another' })),
    'ConflictException',
  );
});
met('The same client token makes one schedule', api('CreateSchedule'), async (aws) => {
  const request = await input(aws, { ClientToken: aws.name() });
  const first = await aws.scheduler.send(new CreateScheduleCommand(request));
  assert.equal((await aws.scheduler.send(new CreateScheduleCommand(request))).ScheduleArn, first.ScheduleArn);
});
for (const [what, ScheduleExpression] of [
  ['an expression that is none', 'every day'],
  ['a cron of five fields', 'cron(0 9 * * *)'],
  ['a cron with two days', 'cron(0 9 1 * MON *)'],
  ['a rate of 0', 'rate(0 minutes)'],
  ['a time with a zone', 'at(2030-01-01T00:00:00Z)'],
] as const) {
  met(`${what} is refused`, types, async (aws) =>
    refused(
      aws.scheduler.send(new CreateScheduleCommand(await input(aws, { ScheduleExpression }))),
      'ValidationException',
    ),
  );
}
for (const ScheduleExpression of [
  'cron(0 9 ? * MON-FRI *)',
  'cron(0/15 * * * ? *)',
  'cron(0 0 L * ? *)',
  'rate(5 minutes)',
  'at(2035-01-01T00:00:00)',
]) {
  met(`${ScheduleExpression} is taken`, types, async (aws) => {
    await create(aws, { ScheduleExpression });
  });
}
met('A time zone that does not exist is refused', api('CreateSchedule'), async (aws) =>
  refused(
    aws.scheduler.send(
      new CreateScheduleCommand(await input(aws, { ScheduleExpressionTimezone: 'Mars/Base' })),
    ),
    'ValidationException',
  ),
);
met('A group that does not exist is refused', api('CreateSchedule'), async (aws) =>
  refused(
    aws.scheduler.send(new CreateScheduleCommand(await input(aws, { GroupName: aws.name() }))),
    'ResourceNotFoundException',
  ),
);
met('A schedule that does not exist is not found', api('GetSchedule'), async (aws) =>
  refused(
    aws.scheduler.send(new GetScheduleCommand({ Name: aws.name(), GroupName: await aws.scheduleGroup() })),
    'ResourceNotFoundException',
  ),
);
met(
  'An update replaces the whole schedule: what it does not have is as by default',
  api('UpdateSchedule'),
  async (aws) => {
    const { Description, ...made } = await create(aws, {
      Description: 'd',
      ScheduleExpressionTimezone: 'Europe/Berlin',
    });
    const { ScheduleExpressionTimezone, ...update } = made;
    await aws.scheduler.send(
      new UpdateScheduleCommand({ ...update, State: 'ENABLED', ScheduleExpression: 'rate(2 days)' }),
    );
    const got = await aws.scheduler.send(new GetScheduleCommand(named(made)));
    assert.deepEqual(
      [got.Description, got.ScheduleExpressionTimezone, got.State, got.ScheduleExpression],
      [undefined, 'UTC', 'ENABLED', 'rate(2 days)'],
    );
  },
);
met('A deleted schedule is not found', api('DeleteSchedule'), async (aws) => {
  const made = await create(aws);
  await aws.scheduler.send(new DeleteScheduleCommand(named(made)));
  await refused(aws.scheduler.send(new GetScheduleCommand(named(made))), 'ResourceNotFoundException');
});
met('A group is deleted with its schedules', api('DeleteScheduleGroup'), async (aws) => {
  const made = await create(aws);
  await aws.scheduler.send(new DeleteScheduleGroupCommand({ Name: made.GroupName }));
  const isGone = () =>
    aws.scheduler.send(new GetScheduleCommand(named(made))).then(
      () => false,
      () => true,
    );
  await eventually('the schedule is gone', isGone, 60_000);
});
met('Schedules are listed by group and by the beginning of their name', api('ListSchedules'), async (aws) => {
  const { Name = '', GroupName } = await create(aws);
  await create(aws, { GroupName });
  const { Schedules } = await aws.scheduler.send(new ListSchedulesCommand({ GroupName, NamePrefix: Name }));
  assert.deepEqual(
    Schedules?.map((schedule) => schedule.Name),
    [Name],
  );
});
