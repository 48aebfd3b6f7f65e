/** A message of the demo, and where it must end. */
export interface DemoMessage {
  readonly jobName: string;
  readonly payload: unknown;
  readonly expected: Fate;
  /** How it comes. Default `now`: published at once. */
  readonly comes?: 'now' | `in ${string}` | 'by its schedule';
}

/** Where a message ended. */
export type Fate = 'succeeded' | 'dead letter' | 'unrouted';

/** Messages of each kind: some succeed, some fail until they are dead, one is never valid, one has no job. */
export const demoMessages: readonly DemoMessage[] = [
  { jobName: 'GreetingJob', payload: { friendName: 'Hank' }, expected: 'succeeded' },
  { jobName: 'GreetingJob', payload: { friendName: 'Ida' }, expected: 'succeeded' },
  { jobName: 'PushupsJob', payload: { pushupsRequired: 20 }, expected: 'succeeded' },
  { jobName: 'PushupsJob', payload: { pushupsRequired: 50, shouldFail: true }, expected: 'dead letter' },
  { jobName: 'GreetingJob', payload: { friendName: 42 }, expected: 'dead letter' },
  { jobName: 'NoSuchJob', payload: { hello: 'world' }, expected: 'unrouted' },
];

/** The message that the CLI publishes with a delay. */
export const delayed = {
  jobName: 'GreetingJob',
  payload: { friendName: 'Jo' },
  jobId: 'demo-delayed',
  delay: '2m',
} as const;

/** The job that recurs: its file gives the schedule and the payload. */
export const recurring = {
  jobName: 'StretchJob',
  payload: { stretch: 'roll your shoulders' },
  /** The schedule's name. The IDs of its jobs begin with it. */
  schedule: 'StretchJob-1',
  /** After so many firings the job has been seen to recur. */
  firings: 2,
} as const;

/** The job whose dead letter must raise the alarm, and the payload that mends it. */
export const alarmed = { jobName: 'PushupsJob', mendedPayload: { pushupsRequired: 50 } };

/** Jobs that the demo shows are missing from the project. */
export class DemoJobsError extends Error {
  override readonly name = 'DemoJobsError';
}

/** @throws {DemoJobsError} unless the names include every job that the demo publishes to, and the job that recurs */
export function checkNeededJobs(jobNames: readonly string[]): void {
  const missing = needed.filter((name) => !jobNames.includes(name)).map((name) => `src/jobs/${name}.ts`);
  if (missing.length === 0) return;
  throw new DemoJobsError(
    `The demo shows ${needed.join(', ')}, and there is no job ${missing.join(', ')}. ` +
      `Bring it back (git checkout -- ${missing.join(' ')}), or run your own jobs: npm start.`,
  );
}

const published = demoMessages.filter(({ expected }) => expected !== 'unrouted');
const needed = [...new Set([...published, delayed, recurring].map(({ jobName }) => jobName))];
