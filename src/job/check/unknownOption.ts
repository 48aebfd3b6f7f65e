import { nearestName } from '../../nearestName.ts';
import { shown } from './given.ts';
import type { JobProblem } from './problems.ts';

/**
 * The problem of an option with an unknown name: it suggests the name that was most likely meant, or lists all names.
 * @param option with what it is part of, such as `compute.cpus`
 */
export function unknownOption(option: string, given: unknown, known: readonly string[]): JobProblem {
  const name = option.slice(option.lastIndexOf('.') + 1);
  const nearest = nearestName(name, known);
  const problem = { option, given: shown(given) };
  if (nearest === undefined) {
    return { ...problem, bound: `one of ${known.join(', ')}`, advice: 'remove it, or check its spelling' };
  }
  return {
    ...problem,
    bound: "an option's name",
    advice: `did you mean ${nearest}? Write that, or remove it`,
  };
}
