import type { PublishBatchCommandInput, PublishBatchCommandOutput, SNSClient } from '@aws-sdk/client-sns';
import type { Clock } from '../../../src/publisher/clock.ts';

export const topicArn = 'arn:aws:sns:eu-west-1:123456789012:jobs-test';

/** A client whose every call is answered by `answer`: for what a real topic does only now and then. */
export function snsOf(
  answer: (input: PublishBatchCommandInput, call: number) => Partial<PublishBatchCommandOutput>,
) {
  const calls: PublishBatchCommandInput[] = [];
  const send = async ({ input }: { input: PublishBatchCommandInput }) => {
    calls.push(input);
    return { MessageId: `call ${calls.length}`, ...answer(input, calls.length) };
  };
  return { client: { send, config: {} } as unknown as SNSClient, calls };
}

/** Every entry succeeds; its message's ID is its text. */
export function allSuccessful({ PublishBatchRequestEntries = [] }: PublishBatchCommandInput) {
  return {
    Successful: PublishBatchRequestEntries.map(({ Id, Message }) => ({ Id, MessageId: `of ${Message}` })),
  };
}

/** Time that stands still but for sleeps, which take none and are written down. */
export function stillClock(nowMs = Date.UTC(2026, 10, 21)): Clock & { readonly sleptMs: number[] } {
  const sleptMs: number[] = [];
  return { sleptMs, now: () => nowMs, random: () => 0.5, sleep: async (ms) => sleptMs.push(ms) };
}
