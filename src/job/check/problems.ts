import type { AnyJob } from '../defineJob.ts';
import { jobOptions, largestBatchWithoutWindow } from '../options.ts';
import { computeProblems } from './compute.ts';
import { environmentProblems } from './environment.ts';
import { secondsOf, shown } from './given.ts';
import { idempotencyProblems } from './idempotency.ts';
import { lifetimeProblems } from './lifetime.ts';
import { permissionProblems } from './permissions.ts';
import { choiceProblems, measureProblems, unknownOption } from './rows.ts';
import { scheduleProblems } from './schedule.ts';
import { uploadsProblems } from './uploads.ts';

/** One fault of a job's definition. */
export interface JobProblem {
  readonly option: string;
  /** What was given, as it would be written in the file. */
  readonly given: string;
  /** What is allowed, and whose limit it is. */
  readonly bound: string;
  /** What to do about it. */
  readonly advice: string;
}

/**
 * All faults of a job's definition, in the order of its options. Empty when the job can be deployed.
 * @param stage the stage for which the job's environment variables are checked
 */
export function jobProblems(job: AnyJob, stage = 'dev'): JobProblem[] {
  const options: Record<string, unknown> = { ...job };
  const limits = [...computeProblems(options), ...measureProblems(options), ...batchProblems(options)];
  return [
    ...runProblems(options),
    ...payloadProblems(options),
    ...unknownOptionProblems(options),
    ...(limits.length > 0 ? limits : lifetimeProblems(job)),
    ...choiceProblems(options),
    ...alarmProblems(options),
    ...idempotencyProblems(options),
    ...uploadsProblems(options),
    ...scheduleProblems(options),
    ...permissionProblems(options),
    ...environmentProblems(options, stage),
  ];
}

function runProblems({ run }: Options): JobProblem[] {
  if (typeof run === 'function') return [];
  return [
    {
      option: 'run',
      given: shown(run),
      bound: 'a function (payload, context)',
      advice: 'write async run(payload, { log }) { … } in defineJob({ … })',
    },
  ];
}

function payloadProblems({ payload }: Options): JobProblem[] {
  const standard = (payload as { '~standard'?: { validate?: unknown } } | undefined)?.['~standard'];
  if (payload === undefined || typeof standard?.validate === 'function') return [];
  return [
    {
      option: 'payload',
      given: shown(payload),
      bound: 'a Standard Schema (zod, valibot, arktype, …)',
      advice: 'wrap the shape in a schema: payload: z.object({ … })',
    },
  ];
}

function unknownOptionProblems(options: Options): JobProblem[] {
  const known = [...knownOptions].filter((option) => option !== 'name');
  return Object.keys(options)
    .filter((option) => !knownOptions.has(option))
    .map((option) => unknownOption(option, options[option], known));
}

function alarmProblems({ alarmCount, alarmWhen }: Options): JobProblem[] {
  if (alarmWhen !== 'both' || alarmCount !== undefined) return [];
  return [
    {
      option: 'alarmWhen',
      given: "'both'",
      bound: 'needs alarmCount, the second alarm',
      advice: 'set alarmCount as well, or remove alarmWhen',
    },
  ];
}

/** SQS's rule for a batch that is larger than one receive. */
function batchProblems({
  batchSize = jobOptions.batchSize.default,
  batchWindow = jobOptions.batchWindow.default,
}: Options): JobProblem[] {
  const windowSeconds = secondsOf(batchWindow);
  if (typeof batchSize !== 'number' || windowSeconds === undefined) return [];
  if (batchSize <= largestBatchWithoutWindow || windowSeconds >= 1) return [];
  return [
    {
      option: 'batchWindow',
      given: shown(batchWindow),
      bound: `at least 1s with a batchSize above ${largestBatchWithoutWindow} (an event source mapping on SQS)`,
      advice: `set batchWindow: '1s' or more, or batchSize: ${largestBatchWithoutWindow} or less`,
    },
  ];
}

type Options = Record<string, unknown>;

const knownOptions: ReadonlySet<string> = new Set([
  ...['name', 'payload', 'compute'],
  ...Object.keys(jobOptions),
  ...['idempotency', 'uploads', 'schedule', 'permissions', 'environment', 'run'],
]);
