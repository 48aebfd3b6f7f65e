import { expect, test } from '@jest/globals';
import { delayed, recurring } from '../../../local/demo/messages.ts';
import { type Tracked, track } from '../../../local/demo/tracker.ts';
import { startView } from '../../../local/demo/view.ts';
import type { Platform } from '../../../local/platform/platform.ts';
import type { PlatformEvent } from '../../../local/platform/view.ts';

const log = (jobId: string, outcome: string): PlatformEvent => ({
  type: 'log',
  line: {
    source: 'function',
    text: JSON.stringify({ level: 'INFO', message: outcome, jobId, outcome, attempt: 1 }),
  } as never,
});
const fired = (name: string): PlatformEvent => ({
  type: 'schedule',
  firing: {
    name,
    groupName: 'jobs-dev',
    jobName: 'AnyJob',
    scheduledAt: new Date(),
    at: new Date(),
    state: 'delivered',
  },
});
const seen = ({ state, fate, attempts }: Tracked | undefined = {} as Tracked) => [state, fate, attempts];

test('a job that recurs has succeeded once it came twice, and one firing alone is not that', () => {
  const { jobName, payload, schedule } = recurring;
  const given = {
    jobName,
    payload,
    jobId: schedule,
    comes: 'by its schedule',
    expected: 'succeeded',
  } as const;
  const tracker = track([given]);
  const [recurs] = tracker.messages;
  expect(seen(recurs)).toEqual(['comes by its schedule', undefined, 0]);
  tracker.hear(fired(schedule));
  expect(seen(recurs)).toEqual(['fired by its schedule', undefined, 0]);
  for (let delivery = 0; delivery < 3; delivery += 1) {
    tracker.hear(log(`${schedule}-2026-11-21T09:00:00Z`, 'succeeded'));
    expect(seen(recurs)).toEqual(['fired by its schedule', undefined, 1]);
  }
  tracker.hear(log(`${schedule}-2026-11-21T09:05:00Z`, 'retry'));
  expect(seen(recurs)).toEqual(['retry', undefined, 1]);
  tracker.hear(log(`${schedule}-2026-11-21T09:05:00Z`, 'succeeded'));
  expect(seen(recurs)).toEqual(['succeeded', 'succeeded', 2]);
});

test('a delayed job is followed by its ID, before and after its schedule fires', () => {
  const { jobName, payload, jobId } = delayed;
  const tracker = track([{ jobName, payload, jobId, comes: 'in 2m', expected: 'succeeded' }]);
  const [later] = tracker.messages;
  expect(seen(later)).toEqual(['comes in 2m', undefined, 0]);
  tracker.hear(fired(jobId));
  expect(seen(later)).toEqual(['fired by its schedule', undefined, 0]);
  tracker.hear(log(jobId, 'succeeded'));
  tracker.hear(fired(jobId));
  expect(seen(later)).toEqual(['succeeded', 'succeeded', 1]);
});

test('a dead letter is told once, by itself: with its attempts and its reason', async () => {
  const tracker = track([{ jobName: 'A', payload: { bad: true }, jobId: 'a', expected: 'dead letter' }]);
  const [dead] = tracker.messages;
  tracker.hear(log('a', 'retry'));
  tracker.hear(log('a', 'dead'));
  expect(seen(dead)).toEqual([expect.stringContaining('retries'), undefined, 1]);
  await tracker.look(
    platformWithDeadLetter('a', {
      name: 'Error',
      message: 'bad',
      attempts: 3,
      lastFailureAt: '2026-11-21T09:00:00.000Z',
    }),
  );
  expect(seen(dead)).toEqual(['dead letter', 'dead letter', 3]);
  expect(dead?.reason).toBe('Error: bad');
});

test('a mended one has to succeed', () => {
  const tracker = track([{ jobName: 'A', payload: 1, jobId: 'a', expected: 'dead letter' }]);
  const [dead] = tracker.messages;
  if (dead) tracker.reopen(dead, 2);
  expect(dead).toMatchObject({ payload: 2, expected: 'succeeded', state: 'sent back', attempts: 0 });
  tracker.hear(log('a', 'succeeded'));
  expect(seen(dead)).toEqual(['succeeded', 'succeeded', 1]);
});

test('without a terminal each change is a line, once, whichever messages are shown', () => {
  const lines: string[] = [];
  const write = (text: string) => lines.push(text.replace(/^ *[\d.]+ s {2}/, '').trimEnd());
  const view = startView({ write } as never);
  const tracker = track([
    { jobName: 'A', payload: 1, jobId: 'a', expected: 'dead letter' },
    { jobName: 'B', payload: 2, jobId: 'b', expected: 'succeeded' },
  ]);
  view.update(tracker.messages, 'waiting');
  tracker.hear(log('b', 'succeeded'));
  view.update(tracker.messages, 'waiting');
  view.settle();
  const [dead] = tracker.messages as [Tracked];
  tracker.reopen(dead, 3);
  view.update([dead]);
  expect(lines).toEqual([
    'A 1: published',
    'B 2: published',
    'waiting',
    'B 2: succeeded after 1 run',
    'A 3: sent back',
  ]);
});

function platformWithDeadLetter(jobId: string, reason: object): Platform {
  const letter = {
    body: JSON.stringify({
      Type: 'Notification',
      MessageId: 'm',
      TopicArn: 't',
      Message: '{}',
      MessageAttributes: { jobId: { Type: 'String', Value: jobId } },
    }),
    messageAttributes: { deadLetterReason: { StringValue: JSON.stringify(reason) } },
  };
  return {
    snapshot: async () => ({ jobs: [{ deadLetterQueueUrl: 'http://x/dead' }], otherQueues: [] }),
    inspectQueue: async () => ({ visible: [letter], notVisible: [] }),
  } as never;
}
