import { expect, test } from '@jest/globals';
import { delayed, recurring } from '../../local/demo/messages.ts';
import { type Tracked, track } from '../../local/demo/tracker.ts';
import type { PlatformEvent } from '../../local/platformView.ts';

const log = (jobId: string, outcome: string): PlatformEvent => ({
  type: 'log',
  line: { source: 'function', text: JSON.stringify({ jobId, outcome, attempt: 1 }) } as never,
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
