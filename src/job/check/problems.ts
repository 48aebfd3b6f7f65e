import { durationBounds, numberBounds } from '../bounds.ts';
import type { AnyJob } from '../defineJob.ts';
import { computeProblems } from './compute.ts';
import { environmentProblems } from './environment.ts';
import { shown } from './given.ts';
import { idempotencyProblems } from './idempotency.ts';
import { lifetimeProblems } from './lifetime.ts';
import { permissionProblems } from './permissions.ts';
import { limitProblems } from './rows.ts';
import { scheduleProblems } from './schedule.ts';
import { trackProblems } from './track.ts';
import { unknownOption } from './unknownOption.ts';

/** One thing that is wrong with a job's definition. */
export interface JobProblem {
  readonly option: string;
  /** What was given, as it would be written in the file. */
  readonly given: string;
  /** What is allowed, and whose limit it is. */
  readonly bound: string;
  /** What to do about it. */
  readonly advice: string;
}

/** Everything wrong with a definition, in the order of its options; empty when it can be deployed. */
export function jobProblems(job: AnyJob): JobProblem[] {
  const options: Record<string, unknown> = { ...job };
  const limits = [...computeProblems(options), ...limitProblems(options)];
  return [
    ...runProblems(options),
    ...payloadProblems(options),
    ...unknownOptionProblems(options),
    ...(limits.length > 0 ? limits : lifetimeProblems(job)),
    ...alarmProblems(options),
    ...idempotencyProblems(options),
    ...trackProblems(options),
    ...scheduleProblems(options),
    ...permissionProblems(options),
    ...environmentProblems(options),
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
  if (alarmWhen === undefined) return [];
  if (alarmWhen !== 'either' && alarmWhen !== 'both') {
    return [
      {
        option: 'alarmWhen',
        given: shown(alarmWhen),
        bound: "'either' or 'both'",
        advice: 'choose one of them',
      },
    ];
  }
  if (alarmWhen === 'either' || alarmCount !== undefined) return [];
  return [
    {
      option: 'alarmWhen',
      given: "'both'",
      bound: 'needs alarmCount, the second alarm',
      advice: 'set alarmCount as well, or remove alarmWhen',
    },
  ];
}

type Options = Record<string, unknown>;

const knownOptions: ReadonlySet<string> = new Set([
  'name',
  'payload',
  'compute',
  ...Object.keys(durationBounds),
  ...Object.keys(numberBounds),
  'alarmWhen',
  'idempotency',
  'track',
  'uploads',
  'schedule',
  'permissions',
  'environment',
  'run',
]);
