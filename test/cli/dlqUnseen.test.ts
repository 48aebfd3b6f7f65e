import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { reportUnseen } from '../../cli/dlq/report.ts';
import type { Session } from '../../cli/dlq/session.ts';
import { type DlqPlatform, envelope, names, reason, startDlqPlatform } from './dlqPlatform.ts';

describe('while somebody else has some of the letters', () => {
  let platform: DlqPlatform;
  beforeEach(async () => {
    platform = await startDlqPlatform();
    const letters = Array.from({ length: 12 }, (_, index) => ({
      body: envelope({}, `job-${index}`),
      reason: reason(),
    }));
    await platform.bury(names.dead, letters);
    await platform.engine.sqs('ReceiveMessage', {
      QueueUrl: platform.engine.queueUrl(names.dead),
      MaxNumberOfMessages: 5,
      VisibilityTimeout: 60,
    });
  });
  afterEach(() => platform.close());

  const left = new RegExp(
    `^about 5 more messages in ${names.dead} not seen: somebody else has them in flight, .* Do this again in a minute\n`,
    'm',
  );

  test.each([
    [['redrive', 'GreetingJob', '--error', 'TypeError'], 'sent 7 of 7 dead letters back to'],
    [['redrive', 'GreetingJob', '--all'], 'moved 7 of 7 dead letters to'],
    [['redrive', 'GreetingJob', '--error', 'TypeError', '--dry-run'], 'would send back 7 of 7 dead letters'],
    [['discard', 'GreetingJob', '--all', '--yes'], 'discarded job-'],
    [['export', 'GreetingJob'], '"jobId":"job-'],
    [['show', 'GreetingJob', '--id', 'job-0'], ''],
    [['edit', 'GreetingJob', '--id', 'job-0', '--payload', '{"friendName":"Hank"}'], ''],
  ])('%j does what it can, says that more are there, and has failed', async (words, said) => {
    const { code, stdout, stderr } = await platform.run(...words);
    expect(stdout).toContain(said);
    expect(stderr).toMatch(left);
    expect(code).toBe(1);
  });
});

describe('what is left', () => {
  /** A queue that has so many at the beginning, and so many now. */
  const session = (before: number, now: number) =>
    ({
      queue: { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/dead' },
      depth: { waiting: before, inFlight: 0 },
      sqs: {
        getQueueAttributes: async () => ({ Attributes: { ApproximateNumberOfMessages: String(now) } }),
      },
    }) as unknown as Session;

  test.each([
    ['all were seen, though SQS still counts what is deleted', 20, 20, { seen: 20, removed: 20 }],
    ['somebody else removed the others', 20, 0, { seen: 5, removed: 5 }],
    ['all that is there was given back', 20, 15, { seen: 15, removed: 0 }],
    ['letters died meanwhile', 20, 25, { seen: 20, removed: 20 }],
  ])('is nothing when %s', async (_, before, now, seen) => {
    using printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(await reportUnseen(session(before, now), seen)).toBe(false);
    expect(printed).not.toHaveBeenCalled();
  });

  test('is said when SQS, polled long, hands out no more than it lets be in flight', async () => {
    using printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(await reportUnseen(session(200_000, 200_000), { seen: 120_000, removed: 0 })).toBe(true);
    expect(printed.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^about 80,000 more messages in dead not seen: SQS hands out no more while 120,000/,
        ),
      ],
    ]);
  });
});
