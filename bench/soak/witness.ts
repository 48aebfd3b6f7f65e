import type { Platform } from '../../local/platform/platform.ts';
import type { PlatformEvent } from '../../local/platform/view.ts';
import type { Accounts } from './accounts.ts';
import { isIdempotent } from './behaviours.ts';
import { indexIn, indexOfMessage } from './jobId.ts';

/** Notes what the platform and the runtime say about jobs that may go another way than they were meant to. */
export function witness(event: PlatformEvent, accounts: Accounts, platform: Platform | undefined): void {
  if (event.type === 'log') noteExcuse(event.line.text, accounts);
  if (event.type === 'batch' && event.outcome.result.status === 'error') {
    const { queueName, messageIds, result } = event.outcome;
    accounts.noteDeadBatch(queueName.replace(/^.*-/, ''));
    if (result.errorType === 'Sandbox.Timedout') {
      void noteKilledBatch(queueName, messageIds, accounts, platform);
    }
  }
}

/** The runtime's own words: a dead letter that waits, an effect that is not remembered, a run that was cut short. */
function noteExcuse(logLine: string, accounts: Accounts): void {
  const isExcuse = excuse.test(logLine);
  if (!isExcuse && !logLine.includes('"DeadlineError"')) return;
  const index = indexIn(logLine);
  if (index !== undefined && (isExcuse || isIdempotent(accounts.behaviour(index))))
    accounts.noteExcuse(index);
}

const excuse = /"message":"(dead, not yet sent|the job is done, but could not be remembered)/;

/**
 * A machine that is busy enough lets a batch run into its timeout that was never meant to. What idempotent jobs had
 * done by then is not remembered.
 */
async function noteKilledBatch(
  queueName: string,
  messageIds: readonly string[],
  accounts: Accounts,
  platform: Platform | undefined,
): Promise<void> {
  const queue = await platform?.inspectQueue(queueName);
  for (const message of [...(queue?.visible ?? []), ...(queue?.notVisible ?? [])]) {
    if (!messageIds.includes(message.messageId)) continue;
    const index = indexOfMessage(message.body, message.messageAttributes);
    if (index !== undefined && isIdempotent(accounts.behaviour(index))) accounts.noteExcuse(index);
  }
}
