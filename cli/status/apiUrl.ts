import { CommandError } from '../outcome.ts';
import type { Target } from '../target.ts';

/** @throws {CommandError} when the target has no API, or it is not known */
export function apiUrlOf({ apiUrl, name }: Target): string {
  if (apiUrl !== undefined) return apiUrl;
  throw new CommandError(
    `where ${name} has its API is not known: it has one where a job has track: true, and --stack finds it by the output ApiUrl`,
  );
}
