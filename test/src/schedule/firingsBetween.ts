import { type FiringRule, nextFirings } from '../../../src/schedule/firings.ts';

/** All times at which a schedule fires after `after`, up to and with `until`. */
export function firingsBetween(rule: FiringRule, after: Date, until: Date): Date[] {
  const end = rule.end !== undefined && rule.end < until ? rule.end : until;
  const firings = nextFirings({ ...rule, end }, after, Number.MAX_SAFE_INTEGER);
  return firings.filter((firing) => firing <= until); // an `at` ignores the end
}
