import { givenSchedules } from '../../src/job/scheduleProblems.ts';
import { nameLengths, scheduleName } from '../../src/names.ts';
import type { DiscoveredJob } from '../discovery/discovery.ts';
import type { JobFileProblem } from '../discovery/invalidJobsError.ts';

/** Names that are too long, and names that two jobs give: `A` with `b-1`, and `A-b` with `1`. */
export function scheduleNameProblems(jobs: readonly DiscoveredJob[]): JobFileProblem[] {
  const named = jobs.flatMap(namedSchedules);
  const owners = Map.groupBy(named, ({ whole }) => whole);
  return named.flatMap(({ whole, job, option, file }) => {
    const others = owners.get(whole)?.filter((owner) => owner.job !== job) ?? [];
    const tooMany = whole.length - nameLengths.schedule;
    const problem = { file, option, given: `a schedule named '${whole}'` };
    const bound = `at most ${nameLengths.schedule} characters (EventBridge Scheduler)`;
    const advice = `shorten the schedule's or the file's name by ${tooMany}`;
    const taken = `a name that no schedule of ${others[0]?.job} has`;
    return [
      ...(tooMany > 0
        ? [{ ...problem, given: `${problem.given} of ${whole.length} characters`, bound, advice }]
        : []),
      ...(others.length > 0 ? [{ ...problem, bound: taken, advice: 'name one of the two differently' }] : []),
    ];
  });
}

function namedSchedules({ name: job, file, job: { schedule } }: DiscoveredJob) {
  return givenSchedules(schedule).flatMap(({ option, name }) =>
    typeof name === 'string' ? [{ whole: scheduleName(job, name), job, file, option: `${option}.name` }] : [],
  );
}
