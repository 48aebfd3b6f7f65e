/** A message of the demo, and what must become of it. */
export interface DemoMessage {
  readonly jobName: string;
  readonly payload: unknown;
  readonly expected: Fate;
  /** How it comes. Default `now`: published at once. */
  readonly comes?: 'now' | `in ${string}` | 'by its schedule';
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

/** The one that is published later, by the CLI. */
export const delayed = {
  jobName: 'GreetingJob',
  payload: { friendName: 'Jo' },
  jobId: 'demo-delayed',
  delay: '2m',
} as const;

/** The job that recurs: nobody publishes it, its file says when it comes and with what. */
export const recurring = {
  jobName: 'StretchJob',
  payload: { stretch: 'roll your shoulders' },
  /** The schedule's name, with which its jobs' IDs begin. */
  schedule: 'StretchJob-1',
  /** It has to come that often to be seen to recur. */
  firings: 2,
} as const;

/** The job whose dead letter must raise the alarm, and the payload that mends it. */
export const alarmed = { jobName: 'PushupsJob', mendedPayload: { pushupsRequired: 50 } };
