import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { MessageLogger } from '../../../src/runtime/log.ts';
import { Heartbeats, type HeldMessage } from '../../../src/worker/heartbeats.ts';
import { EntryRefusedError } from '../../../src/worker/queue.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const minute = 60_000;

/** One message that is received now, on a queue with a visibility timeout of two minutes. */
function setup(
  changeVisibility: (handle: string, seconds: number) => Promise<void> = async () => {},
  sqsSpeed = 1,
) {
  const changes: { atMs: number; seconds: number }[] = [];
  const reasons: string[] = [];
  const warnings: string[] = [];
  const startedAtMs = performance.now();
  const say = (text: unknown): void => void warnings.push(String(text));
  const logger = { debug: say, info: say, warn: say, error: say } as MessageLogger;
  const heartbeats = new Heartbeats({
    queue: {
      changeVisibility: (handle, seconds) => {
        changes.push({ atMs: performance.now() - startedAtMs, seconds });
        return changeVisibility(handle, seconds);
      },
    },
    logger,
    visibilityTimeoutMs: 2 * minute,
    sqsSpeed,
  });
  const lease: HeldMessage = {
    receiptHandle: 'receipt',
    messageId: 'message',
    receivedAtMs: startedAtMs,
    visibleAtMs: startedAtMs + 2 * minute,
    abort: (reason) => void reasons.push(reason.name),
  };
  heartbeats.add(lease);
  return { heartbeats, lease, changes, reasons, warnings };
}

describe('a heartbeat', () => {
  test('extends a message by its visibility timeout whenever half of it is over', async () => {
    const { changes, heartbeats } = setup();
    await jest.advanceTimersByTimeAsync(5 * minute);
    heartbeats.stop();
    expect(changes.map(({ seconds }) => seconds)).toEqual([120, 120, 120, 120, 120]);
    expect(changes.map(({ atMs }) => Math.round(atMs / minute))).toEqual([1, 2, 3, 4, 5]);
  });

  test('says it in the time of a queue whose time passes faster', async () => {
    const { changes, heartbeats } = setup(undefined, 2.5);
    await jest.advanceTimersByTimeAsync(1 * minute);
    heartbeats.stop();
    expect(changes.map(({ seconds }) => seconds)).toEqual([300]);
  });

  test('stops with its run', async () => {
    const { changes, heartbeats, lease } = setup();
    await heartbeats.remove(lease);
    await jest.advanceTimersByTimeAsync(5 * minute);
    heartbeats.stop();
    expect(changes).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('that fails is tried again, until the message is lost for certain', async () => {
    const { reasons, warnings, changes, heartbeats } = setup(() => Promise.reject(new Error('503')));
    await jest.advanceTimersByTimeAsync(2 * minute - 2000);
    expect(reasons).toEqual([]);
    expect(changes.length).toBeGreaterThan(5);
    await jest.advanceTimersByTimeAsync(3000);
    heartbeats.stop();
    expect(reasons).toEqual(['LeaseLostError']);
    expect(warnings).toEqual([
      'a heartbeat fails; it is tried until it works again',
      'a message was lost while its job ran; the job is aborted',
    ]);
  });

  test.each(['ReceiptHandleIsInvalid', 'AWS.SimpleQueueService.MessageNotInflight'])(
    'that SQS answers with %s says that the message is lost at once',
    async (Code) => {
      const { reasons, heartbeats } = setup(() => Promise.reject(new EntryRefusedError({ Code })));
      await jest.advanceTimersByTimeAsync(minute + 2000);
      heartbeats.stop();
      expect(reasons).toEqual(['LeaseLostError']);
    },
  );

  test('never asks for more than 12 hours from the receive, and aborts the job shortly before', async () => {
    const { changes, reasons, heartbeats } = setup();
    await jest.advanceTimersByTimeAsync(12 * 60 * minute - minute - 2000);
    expect(reasons).toEqual([]);
    await jest.advanceTimersByTimeAsync(5000);
    heartbeats.stop();
    expect(reasons).toEqual(['VisibilityLimitError']);
    expect(changes.every(({ atMs, seconds }) => atMs / 1000 + seconds <= 43_200)).toBe(true);
  });
});
