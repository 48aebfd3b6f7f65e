import { shown, textOf } from '../../src/job/check/given.ts';
import type { JobProblem } from '../../src/job/check/problems.ts';
import { type GivenSchedule, givenSchedules } from '../../src/job/check/schedule.ts';
import type { AnyJob } from '../../src/job/defineJob.ts';
import { InvalidPayloadError } from '../../src/job/errors.ts';
import { scheduleDefaults } from '../../src/job/schedule.ts';
import { validPayload } from '../../src/job/validPayload.ts';
import { maxInputBytes } from '../../src/message/scheduledPublish.ts';
import { nameLengths, scheduleName } from '../../src/names.ts';
import { serializePayload } from '../../src/publisher/serialize.ts';
import type { DiscoveredJob } from './discovery.ts';
import type { JobFileProblem } from './problems.ts';

/**
 * What is wrong with the payloads that a job's schedules publish. A payload has to fit the job's schema, and the size that
 * Scheduler takes. Asynchronous schemas are awaited.
 */
export async function schedulePayloadProblems(job: AnyJob, jobName: string): Promise<JobProblem[]> {
  const problems = await Promise.all(
    givenSchedules(job.schedule).map((one) => payloadProblem(one, job.payload, jobName)),
  );
  return problems.filter((problem) => problem !== undefined);
}

async function payloadProblem(
  { option, details }: GivenSchedule,
  schema: AnyJob['payload'],
  jobName: string,
): Promise<JobProblem | undefined> {
  const { payload = scheduleDefaults.payload } = details;
  const given =
    details.payload === undefined ? `nothing, which publishes ${shown(payload)}` : abridged(shown(payload));
  const problem = (bound: string, advice: string) => ({ option: `${option}.payload`, given, bound, advice });
  try {
    const body = serializePayload(jobName, payload);
    const bytes = Buffer.byteLength(JSON.stringify(body));
    if (bytes > maxPayloadBytes) {
      const bound = `${maxPayloadBytes} bytes as JSON in JSON (EventBridge Scheduler's input of 256 KB); it has ${bytes}`;
      return problem(bound, 'keep the data in S3, and its key here');
    }
    if (typeof schema?.['~standard']?.validate === 'function') {
      await validPayload(schema, JSON.parse(body), jobName);
    }
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : textOf(error);
    const advice =
      error instanceof InvalidPayloadError ? 'give a payload that fits' : 'correct the payload or the schema';
    return problem(`what the job's schema takes; ${reason}`, advice);
  }
}

function abridged(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** The part of Scheduler's input that the topic's ARN, the attributes and their names leave for a payload. */
const maxPayloadBytes = maxInputBytes - 1024;

/** The problems of names that are too long, and of names that two jobs have, such as `A` with `b-1` and `A-b` with `1`. */
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
