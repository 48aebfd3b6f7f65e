import { expect, jest, test } from '@jest/globals';
import { moveQueue, redriveWhole } from '../../cli/dlq/moveQueue.ts';
import type { MoveCalls } from '../../cli/dlq/queues.ts';
import type { Session } from '../../cli/dlq/session.ts';

interface Task {
  readonly Status: string;
  readonly StartedTimestamp: number;
  readonly TaskHandle?: string;
  readonly ApproximateNumberOfMessagesMoved?: number;
  readonly ApproximateNumberOfMessagesToMove?: number;
}

const ended = (startedAt: number, moved: number): Task => ({
  Status: 'COMPLETED',
  StartedTimestamp: startedAt,
  ApproximateNumberOfMessagesMoved: moved,
  ApproximateNumberOfMessagesToMove: moved,
});
const running = (startedAt: number, handle: string): Task => ({
  Status: 'RUNNING',
  StartedTimestamp: startedAt,
  TaskHandle: handle,
});

/** SQS that starts the task `own`, and lists these, one list for each question. */
function sqsListing(...lists: readonly Task[][]) {
  const left = [...lists];
  return {
    startMessageMoveTask: async () => ({ TaskHandle: 'own' }),
    listMessageMoveTasks: async () => ({ Results: left.length > 1 ? left.shift() : left[0] }),
    cancelMessageMoveTask: async () => ({}),
    getQueueAttributes: async () => ({ Attributes: {} }),
  } as unknown as MoveCalls;
}

const move = (sqs: MoveCalls) =>
  moveQueue(sqs, {
    sourceArn: 'arn:aws:sqs:r:1:dead',
    destinationArn: 'arn:aws:sqs:r:1:queue',
    signal: new AbortController().signal,
  });

test.each([
  [
    'a list that is old does not end it',
    [[ended(100, 7)], [ended(100, 7)], [running(200, 'own'), ended(100, 7)], [ended(200, 3), ended(100, 7)]],
  ],
  ['nor does one without any task', [[], [], [ended(200, 3)]]],
  [
    'another one that was started afterwards is not taken for it',
    [[ended(100, 7)], [running(300, 'other'), ended(200, 3), ended(100, 7)]],
  ],
  ['nor is one that has ended by then', [[ended(100, 7)], [ended(300, 9), ended(200, 3), ended(100, 7)]]],
])('a move ends when its own task does: %s', async (_, lists) => {
  expect(await move(sqsListing(...lists))).toMatchObject({ status: 'COMPLETED', moved: 3, startedAtMs: 200 });
});

function session(sqs: MoveCalls): Session {
  return {
    sqs,
    queue: { name: 'J', queueUrl: 'https://sqs/1/dead', jobQueueUrl: 'https://sqs/1/queue' },
    target: { topicArn: 'arn:aws:sns:r:1:jobs', clientConfig: {} },
    depth: { waiting: 0, inFlight: 0 },
  } as unknown as Session;
}

test('what SQS does not count yet is moved all the same', async () => {
  using lines = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  expect(await redriveWhole(session(sqsListing([], [], [ended(200, 3)])), {})).toBe('done');
  expect(lines.mock.calls).toEqual([['moved 3 of 3 dead letters to queue']]);
});

test('a queue that is empty indeed is said to be so', async () => {
  using lines = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await redriveWhole(session(sqsListing([], [], [ended(200, 0)])), {})).toBe('failed');
  expect(lines.mock.calls).toEqual([['nothing to redrive: dead has no visible message']]);
});
