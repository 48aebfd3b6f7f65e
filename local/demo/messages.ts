/** A message that the demo publishes, and what must become of it. */
export interface DemoMessage {
  readonly jobName: string;
  readonly payload: unknown;
  readonly expected: Fate;
}

/** Where a message ended. */
export type Fate = 'succeeded' | 'dead letter' | 'unrouted';

/** One of each kind: fine, failing until it is dead, never valid, and for a job that does not exist. */
export const demoMessages: readonly DemoMessage[] = [
  { jobName: 'GreetingJob', payload: { friendName: 'Hank' }, expected: 'succeeded' },
  { jobName: 'GreetingJob', payload: { friendName: 'Ida' }, expected: 'succeeded' },
  { jobName: 'PushupsJob', payload: { pushupsRequired: 20 }, expected: 'succeeded' },
  { jobName: 'PushupsJob', payload: { pushupsRequired: 50, shouldFail: true }, expected: 'dead letter' },
  { jobName: 'GreetingJob', payload: { friendName: 42 }, expected: 'dead letter' },
  { jobName: 'NoSuchJob', payload: { hello: 'world' }, expected: 'unrouted' },
];

/** The job whose dead letter must raise the alarm, and the payload that mends it. */
export const alarmed = { jobName: 'PushupsJob', mendedPayload: { pushupsRequired: 50 } };
