import { defaultRemembered, defaultTimeout, idempotencyOptions } from '../options.ts';
import { isRecord, secondsOf, shown } from './given.ts';
import type { JobProblem } from './problems.ts';
import { isWithin } from './rows.ts';

/** What is wrong with the option `idempotency`. */
export function idempotencyProblems({ idempotency, timeout = defaultTimeout }: Options): JobProblem[] {
  if (idempotency === undefined) return [];
  const { key, for: remembered = defaultRemembered, ...unknown } = isRecord(idempotency) ? idempotency : {};
  const { min, max, limitOf } = idempotencyOptions.for;
  const isBetween = isWithin(remembered, { min, max }) && Number.isInteger(secondsOf(remembered));
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

/**
 * The record is made when the run begins. A record that expires during the run
 * would let a duplicate run at the same time.
 */
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
