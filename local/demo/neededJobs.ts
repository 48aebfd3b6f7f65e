import { delayed, demoMessages, recurring } from './messages.ts';

/** The project has not the jobs that the demo shows. */
export class DemoJobsError extends Error {
  override readonly name = 'DemoJobsError';
}

/** @throws {DemoJobsError} unless every job that the demo publishes to, or that recurs in it, is among them */
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
