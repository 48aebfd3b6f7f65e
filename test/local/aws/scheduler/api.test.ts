import {
  ConflictException,
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  ListScheduleGroupsCommand,
  ListSchedulesCommand,
  ListTagsForResourceCommand,
  paginateListSchedules,
  ResourceNotFoundException,
  SchedulerClient,
  UpdateScheduleCommand,
  ValidationException,
} from '@aws-sdk/client-scheduler';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type AcceptedPublish,
  type Engine,
  type Faults,
  startEngine,
} from '../../../../local/aws/engine/engine.ts';
import { localCredentials } from '../../../../local/aws/isolatedAws.ts';
import { schedulerApi } from '../../../../local/aws/scheduler/api.ts';
import { type Scheduler, startScheduler } from '../../../../local/aws/scheduler/scheduler.ts';
import { until } from '../lambda/processes.ts';
import { day, minute, virtualClock } from '../virtualClock.ts';

let engine: Engine;
let client: SchedulerClient;
let scheduler: Scheduler;
let time: ReturnType<typeof virtualClock>;
let published: AcceptedPublish[];
/** How often a topic was called, counted as the call begins. */
let calls: number;

beforeAll(async () => {
  engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  engine.onPublish((publish) => published.push(publish));
  await engine.sns('CreateTopic', { Name: 'jobs' });
  client = new SchedulerClient({
    endpoint: engine.endpoint,
    region: 'us-east-1',
    credentials: localCredentials,
  });
});
afterAll(async () => {
  client.destroy();
  await engine.stop();
});
beforeEach(() => {
  time = virtualClock('2026-03-01T08:00:00Z');
  published = [];
  calls = 0;
  const sns: Engine['sns'] = (action, input) => {
    calls += 1;
    return engine.sns(action, input);
  };
  scheduler = startScheduler({
    engine: { ...engine, sns },
    clock: time.clock,
    onFiring: () => {},
    onWarning: () => {},
  });
  engine.answerScheduler(schedulerApi(scheduler, time.clock.now));
});
afterEach(async () => {
  engine.setFaults(undefined);
  await scheduler.stop();
});

const topicArn = 'arn:aws:sns:us-east-1:000000000000:jobs';

function once(more: Partial<CreateScheduleCommandInput> = {}): CreateScheduleCommandInput {
  return {
    Name: 'order-42',
    ScheduleExpression: 'at(2026-03-31T08:00:00)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: {
      Arn: 'arn:aws:scheduler:::aws-sdk:sns:publish',
      RoleArn: 'arn:aws:iam::000000000000:role/sched',
      Input: JSON.stringify({ TopicArn: topicArn, Message: '{"a":1}' }),
    },
    ...more,
  };
}

const arn = 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/order-42';
const create = (more: Partial<CreateScheduleCommandInput> = {}) =>
  client.send(new CreateScheduleCommand(once(more)));
const refusal = async (request: Promise<unknown>) => {
  const error: Error & { $metadata?: { httpStatusCode?: number } } = await request.then(
    () => new Error('It was not refused'),
    (refused) => refused,
  );
  return { type: error.constructor, status: error.$metadata?.httpStatusCode, message: error.message };
};

describe('the AWS SDK', () => {
  test('makes a schedule that publishes in 30 days and deletes itself', async () => {
    expect((await create()).ScheduleArn).toBe(arn);
    await time.advance(30 * day);
    await until(() => published.length === 1);
    expect(published[0]?.message).toBe('{"a":1}');
    await until(() => scheduler.list().length === 0);
    expect(await refusal(client.send(new GetScheduleCommand({ Name: 'order-42' })))).toEqual({
      type: ResourceNotFoundException,
      status: 404,
      message: 'Schedule default/order-42 does not exist.',
    });
  });

  test('reads a schedule back with the defaults that AWS fills in', async () => {
    const StartDate = new Date('2026-03-02T00:00:00.500Z');
    await create({ ScheduleExpression: 'rate(1 hour)', StartDate });
    await time.advance(minute);
    const { $metadata, ...stored } = await client.send(new GetScheduleCommand({ Name: 'order-42' }));
    expect(stored).toEqual({
      Arn: arn,
      Name: 'order-42',
      GroupName: 'default',
      ScheduleExpression: 'rate(1 hour)',
      ScheduleExpressionTimezone: 'UTC',
      State: 'ENABLED',
      ActionAfterCompletion: 'DELETE',
      FlexibleTimeWindow: { Mode: 'OFF' },
      StartDate,
      Target: {
        ...once().Target,
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
      },
      CreationDate: new Date('2026-03-01T08:00:00Z'),
      LastModificationDate: new Date('2026-03-01T08:00:00Z'),
    });
  });

  test('updates one: what is left out goes back to its default', async () => {
    await create({ Description: 'first', State: 'DISABLED' });
    await time.advance(minute);
    const later = { ...once({ ScheduleExpression: 'at(2026-04-30T08:00:00)' }) };
    expect((await client.send(new UpdateScheduleCommand(later))).ScheduleArn).toBe(arn);
    expect(await client.send(new GetScheduleCommand({ Name: 'order-42' }))).toMatchObject({
      ScheduleExpression: 'at(2026-04-30T08:00:00)',
      State: 'ENABLED',
      CreationDate: new Date('2026-03-01T08:00:00Z'),
      LastModificationDate: new Date('2026-03-01T08:01:00Z'),
    });
    const missing = client.send(new UpdateScheduleCommand(once({ Name: 'other' })));
    expect((await refusal(missing)).type).toBe(ResourceNotFoundException);
  });

  test('cancels one before it fires, and learns when there is none', async () => {
    await create();
    await client.send(new DeleteScheduleCommand({ Name: 'order-42' }));
    await time.advance(60 * day);
    expect(calls).toBe(0);
    const again = await refusal(client.send(new DeleteScheduleCommand({ Name: 'order-42' })));
    expect(again).toMatchObject({ type: ResourceNotFoundException, status: 404 });
  });

  test('gets a conflict for a name that is taken, unless it is the same request', async () => {
    await create({ ClientToken: 'token-1' });
    expect((await create({ ClientToken: 'token-1' })).ScheduleArn).toBe(arn);
    const taken = { type: ConflictException, status: 409 };
    expect(await refusal(create({ ClientToken: 'token-2' }))).toMatchObject(taken);
    expect(await refusal(create({ ClientToken: 'token-1', Description: 'other' }))).toMatchObject(taken);
    expect(scheduler.list()).toHaveLength(1);
  });

  test('whose answer is lost makes one schedule', async () => {
    let isFirst = true;
    const faults: Faults = ({ service, action }) => {
      if (service !== 'scheduler' || action !== 'CreateSchedule' || !isFirst) return undefined;
      isFirst = false;
      return { kind: 'dropAfter' };
    };
    engine.setFaults(faults);
    const { ScheduleArn, $metadata } = await create();
    expect(ScheduleArn).toBe(arn);
    expect($metadata.attempts).toBe(2);
    expect(scheduler.list()).toHaveLength(1);
  });

  test('waits and tries again when it is throttled', async () => {
    let left = 1;
    engine.setFaults(() =>
      left-- > 0 ? { kind: 'error', status: 429, code: 'ThrottlingException' } : undefined,
    );
    expect((await create()).$metadata.attempts).toBe(2);
  });

  test('lists schedules by group, prefix and state, a page at a time', async () => {
    await client.send(new CreateScheduleGroupCommand({ Name: 'jobs-dev-once' }));
    for (const Name of ['a-1', 'a-2', 'a-3', 'b-1']) await create({ Name, GroupName: 'jobs-dev-once' });
    await create({ Name: 'a-4', State: 'DISABLED' });
    const names: unknown[] = [];
    const asked = { GroupName: 'jobs-dev-once', NamePrefix: 'a-' };
    for await (const { Schedules = [] } of paginateListSchedules({ client, pageSize: 2 }, asked)) {
      names.push(Schedules.map(({ Name }) => Name));
    }
    expect(names).toEqual([['a-1', 'a-2'], ['a-3']]);
    const { Schedules } = await client.send(new ListSchedulesCommand({ State: 'DISABLED' }));
    expect(Schedules).toMatchObject([
      { Name: 'a-4', GroupName: 'default', Target: { Arn: once().Target?.Arn } },
    ]);
  });
});

describe('groups', () => {
  test('are made, read, listed, and deleted with all that is in them', async () => {
    const { ScheduleGroupArn } = await client.send(new CreateScheduleGroupCommand({ Name: 'jobs-dev' }));
    expect(ScheduleGroupArn).toBe('arn:aws:scheduler:us-east-1:000000000000:schedule-group/jobs-dev');
    await create({ GroupName: 'jobs-dev' });
    expect(await client.send(new GetScheduleGroupCommand({ Name: 'jobs-dev' }))).toMatchObject({
      Arn: ScheduleGroupArn,
      State: 'ACTIVE',
    });
    const { ScheduleGroups } = await client.send(new ListScheduleGroupsCommand({}));
    expect(ScheduleGroups?.map(({ Name }) => Name)).toEqual(['default', 'jobs-dev']);
    await client.send(new DeleteScheduleGroupCommand({ Name: 'jobs-dev' }));
    await time.advance(60 * day);
    expect(calls).toBe(0);
    expect(scheduler.list()).toEqual([]);
  });

  test('that do not exist, exist already or are needed are refused', async () => {
    expect((await refusal(create({ GroupName: 'nowhere' }))).message).toBe(
      'Schedule group nowhere does not exist.',
    );
    const again = client.send(new CreateScheduleGroupCommand({ Name: 'default' }));
    expect((await refusal(again)).type).toBe(ConflictException);
    const needed = client.send(new DeleteScheduleGroupCommand({ Name: 'default' }));
    expect((await refusal(needed)).type).toBe(ValidationException);
  });

  test('have no tags here, and say so', async () => {
    const ResourceArn = 'arn:aws:scheduler:us-east-1:000000000000:schedule-group/default';
    const asked = await refusal(client.send(new ListTagsForResourceCommand({ ResourceArn })));
    expect(asked).toMatchObject({
      type: ValidationException,
      message: expect.stringContaining('not kept locally'),
    });
  });
});

describe('what AWS would refuse is refused', () => {
  const target = (more: object) => ({ Target: { ...(once().Target as object), ...more } as never });
  test.each<[string, Partial<CreateScheduleCommandInput>, RegExp]>([
    ['a name with a slash', { Name: 'a/b' }, /'a\/b' at 'name' .* pattern/],
    ['a name that is too long', { Name: 'x'.repeat(65) }, /'name' .* length from 1 to 64/],
    ['an expression', { ScheduleExpression: 'every day' }, /Invalid Schedule Expression every day\./],
    ['a wrong field', { ScheduleExpression: 'cron(61 * * * ? *)' }, /minutes/],
    [
      'a date that does not exist',
      { ScheduleExpression: 'at(2026-02-30T00:00:00)' },
      /at\(2026-02-30T00:00:00\)/,
    ],
    ['an unknown time zone', { ScheduleExpressionTimezone: 'Mars/Olympus' }, /Mars\/Olympus/],
    ['a state', { State: 'PAUSED' as never }, /'PAUSED' at 'state' .* ENABLED, DISABLED/],
    [
      'a window without its length',
      { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } },
      /must be given with Mode FLEXIBLE/,
    ],
    [
      'a window that is too long',
      { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 1441 } },
      /from 1 to 1440/,
    ],
    [
      'an end before its start',
      {
        ScheduleExpression: 'rate(1 day)',
        StartDate: new Date('2027-01-02'),
        EndDate: new Date('2027-01-01'),
      },
      /StartDate you specify must come before the EndDate/,
    ],
    [
      'a start that is past',
      { ScheduleExpression: 'rate(1 day)', StartDate: new Date('2026-03-01T07:54:59Z') },
      /cannot be earlier than 5 minutes ago/,
    ],
    ['a role that is none', target({ RoleArn: 'admin' }), /'admin' at 'roleArn'/],
    ['too many retries', target({ RetryPolicy: { MaximumRetryAttempts: 186 } }), /from 0 to 185/],
    ['a large input', target({ Input: `"${'é'.repeat(131_072)}"` }), /at most 262144 bytes/],
    [
      'a FIFO dead-letter queue',
      target({ DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:q.fifo' } }),
      /pattern/,
    ],
    [
      'an input that is not JSON',
      target({ Input: 'hello' }),
      /must be a JSON object with the strings TopicArn, Message/,
    ],
    [
      'a target that is not run locally',
      target({ Arn: 'arn:aws:scheduler:::aws-sdk:ecs:runTask' }),
      /runTask is not run locally/,
    ],
  ])('%s', async (_what, more, message) => {
    expect(await refusal(create(more))).toEqual({
      type: ValidationException,
      status: 400,
      message: expect.stringMatching(message),
    });
    expect(scheduler.list()).toEqual([]);
  });
});

test('what was never signed for Scheduler is S3 or nothing, as before', async () => {
  const unsigned = await fetch(`${engine.endpoint}/schedules/order-42`);
  expect(unsigned.headers.get('content-type')).not.toMatch(/json/);
});
