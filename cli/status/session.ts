import { JobApiError } from '../../src/publisher/handle.ts';
import type { End } from '../outcome.ts';
import { withTarget } from '../session.ts';
import type { Target, TargetOptions } from '../target.ts';
import { type StatusApi, statusApiOf } from './statusApi.ts';
import { tokenVariable } from './tokenFetch.ts';

/**
 * Finds the platform and its API, and does the work, as `withTarget` does.
 * @throws {CommandError} when there is no platform, or it has no API
 */
export async function withApi(
  options: TargetOptions,
  run: (api: StatusApi, target: Target) => Promise<End>,
): Promise<void> {
  await withTarget(options, { run: async (target) => run(await statusApiOf(target), target), explain });
}

/** What the handles of a publisher advise is for those who write code. */
function explain(error: Error, { name }: Target): string | undefined {
  if (!(error instanceof JobApiError)) return undefined;
  const { status, message } = error;
  if (status !== 401 && status !== 403) return message;
  return `the API of ${name} lets nobody in without credentials (HTTP ${status}). By IAM they must allow lambda:InvokeFunctionUrl and lambda:InvokeFunction on its function; where it asks for tokens, put one into ${tokenVariable}`;
}
