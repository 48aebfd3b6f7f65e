import { type CliCommand, cliCommand } from './cli.ts';
import type { Tracked } from './tracker.ts';

/** What a person would type next, with the alarm e-mail in hand: look at the dead letter, mend it, send it back. */
export function mendingOf(
  { jobName, jobId }: Tracked,
  mendedPayload: unknown,
): { look: CliCommand; edit: CliCommand } {
  const payload = JSON.stringify(mendedPayload);
  return {
    look: cliCommand(['dlq', 'show', jobName, '--id', jobId]),
    edit: cliCommand(['dlq', 'edit', jobName, '--id', jobId, '--payload', payload]),
  };
}
