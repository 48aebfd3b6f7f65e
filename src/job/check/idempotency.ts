import { idempotencyBounds } from '../bounds.ts';
import { jobDefaults } from '../defaults.ts';
import { durationSeconds } from '../duration.ts';
import { idempotencyDefaults } from '../idempotency.ts';
import { isRecord, secondsOf, shown } from './given.ts';
import type { JobProblem } from './problems.ts';

/** What is wrong with how a job's runs are remembered. */
export function idempotencyProblems({ idempotency, timeout = jobDefaults.timeout }: Options): JobProblem[] {
  if (idempotency === undefined) return [];
  const {
    key,
    for: remembered = idempotencyDefaults.for,
    ...unknown
  } = isRecord(idempotency) ? idempotency : {};
  const { min, max, limitOf } = idempotencyBounds;
  const seconds = secondsOf(remembered) ?? Number.NaN;
  const isBetween =
    Number.isInteger(seconds) && seconds >= durationSeconds(min) && seconds <= durationSeconds(max);
  const isKnown = isRecord(idempotency) && Object.keys(unknown).length === 0;
  if (isKnown && isBetween && (key === undefined || typeof key === 'function')) {
    return runProblems(remembered, timeout);
  }
  return [
    {
      option: 'idempotency',
      given: shown(idempotency),
      bound: `{ key?: (payload) => text, for: ${min} to ${max} (${limitOf}) }`,
      advice:
        "write idempotency: { for: '1d' }, with key: ({ invoiceId }) => invoiceId where the job's ID is not enough",
    },
  ];
}

/** The record is made when the run begins: once it has expired, nothing keeps a duplicate from running beside it. */
function runProblems(remembered: unknown, timeout: unknown): JobProblem[] {
  if ((secondsOf(remembered) ?? 0) >= (secondsOf(timeout) ?? 0)) return [];
  return [
    {
      option: 'idempotency.for',
      given: shown(remembered),
      bound: `at least the job's timeout, ${shown(timeout)}: a record that expires while the job runs lets a duplicate start`,
      advice: `write idempotency: { for: ${shown(timeout)} } or more, or choose a shorter timeout`,
    },
  ];
}

type Options = Readonly<Record<string, unknown>>;
