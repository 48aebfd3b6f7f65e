import { type FiringRule, nextFirings } from '../../../src/schedule/firings.ts';

/** All times at which a schedule fires after `after`, up to and with `until`. */
export function firingsBetween(rule: FiringRule, after: Date, until: Date): Date[] {
  for (let count = 100; ; count *= 10) {
    const firings = nextFirings(rule, after, count);
    const isAll = firings.length < count || (firings.at(-1) as Date) > until;
    if (isAll) return firings.filter((firing) => firing <= until);
  }
}
