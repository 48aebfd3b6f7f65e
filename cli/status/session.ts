import { JobApiError } from '../../src/publisher/handle.ts';
import { type End, exitCodeOf } from '../end.ts';
import { exitCodes } from '../exitCodes.ts';
import { oneLine } from '../oneLine.ts';
import { findTarget, type Target, type TargetOptions } from '../target.ts';
import { type StatusApi, statusApiOf } from './statusApi.ts';
import { tokenVariable } from './tokenFetch.ts';

/**
 * Finds the platform and its API, does the work, and sets the process's exit code. What the API refuses is one line on
 * standard error, and a failure.
 * @throws {CommandError} when there is no platform, or it has no API
 */
export async function withApi(
  options: TargetOptions,
  work: (api: StatusApi, target: Target) => Promise<End>,
): Promise<void> {
  const target = await findTarget(options);
  const api = await statusApiOf(target);
  try {
    process.exitCode = exitCodeOf(await work(api, target));
  } catch (error) {
    if (!(error instanceof JobApiError)) throw error;
    console.error(`error: ${oneLine(explain(error, target), 2_000)}`);
    process.exitCode = exitCodes.failed;
  }
}

/** What the handles of a publisher advise is for those who write code. */
function explain({ status, message }: JobApiError, { name }: Target): string {
  if (status !== 401 && status !== 403) return message;
  return `the API of ${name} lets nobody in without credentials (HTTP ${status}). By IAM they must allow lambda:InvokeFunctionUrl and lambda:InvokeFunction on its function; where it asks for tokens, put one into ${tokenVariable}`;
}
