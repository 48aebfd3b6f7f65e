import { lastPart } from '../../src/names.ts';
import { CommandError } from '../CommandError.ts';
import { counted } from '../counted.ts';
import type { End } from '../end.ts';
import { onInterrupt } from '../interrupt.ts';
import { lengthOfTime } from '../lengthOfTime.ts';
import { queueArn } from './deadLetterQueue.ts';
import { isActive, type MoveState, moveQueue, newestMove } from './moveTask.ts';
import { startProgress } from './progress.ts';
import type { Session } from './session.ts';
import { reportUnseen } from './unseen.ts';

export interface WholeOptions {
  readonly dryRun?: boolean;
  readonly rate?: number;
}

/** `redrive --all`: SQS moves the queue, and this watches, or cancels. */
export async function redriveWhole(session: Session, { dryRun, rate }: WholeOptions): Promise<End> {
  const { target, sqs, queue, depth } = session;
  const jobQueueUrl = queue.jobQueueUrl ?? '';
  await refuseWhileMoving(session);
  if (dryRun) {
    if (depth.waiting === 0) return nothingToMove(session);
    console.log(`would move about ${counted(depth.waiting, 'dead letter')} to ${lastPart(jobQueueUrl)}`);
    return 'done';
  }
  using interrupt = onInterrupt('cancelling: SQS stops moving, what is moved stays moved');
  using progress = startProgress(`redriving ${queue.name}`, depth.waiting);
  const end = await moveQueue(sqs, {
    sourceArn: queueArn(target, queue.queueUrl),
    destinationArn: queueArn(target, jobQueueUrl),
    perSecond: rate,
    signal: interrupt.signal,
    onProgress: ({ moved }) => progress.update(moved, ''),
  });
  progress[Symbol.dispose]();
  return await report(end, session);
}

/** @throws {CommandError} when somebody redrives the queue already: SQS runs one move at a time */
export async function refuseWhileMoving({ target, sqs, queue }: Session): Promise<void> {
  const move = await newestMove(sqs, queueArn(target, queue.queueUrl));
  if (move === undefined || !isActive(move)) return;
  const since = lengthOfTime((Date.now() - move.startedAtMs) / 1_000);
  const endpoint =
    target.clientConfig.endpoint === undefined ? '' : ` --endpoint-url ${target.clientConfig.endpoint}`;
  const cancel = `aws sqs cancel-message-move-task${endpoint} --task-handle ${move.handle}`;
  throw new CommandError(
    `${queue.name} is being redriven already, for ${since}: ${move.moved} of ${move.toMove} are moved. ` +
      `Wait for it${move.handle === undefined ? '' : `, or cancel it: ${cancel}`}`,
  );
}

function nothingToMove({ queue, depth }: Session): End {
  const inFlight = depth.inFlight === 0 ? '' : ` (${depth.inFlight} in flight: try again in a minute)`;
  console.error(`nothing to redrive: ${lastPart(queue.queueUrl)} has no visible message${inFlight}`);
  return 'failed';
}

async function report({ status, moved, toMove, failureReason }: MoveState, session: Session): Promise<End> {
  const { queue } = session;
  const jobQueue = lastPart(queue.jobQueueUrl ?? '');
  const text = `${moved.toLocaleString('en')} of ${counted(toMove, 'dead letter')} to ${jobQueue}`;
  if (status === 'COMPLETED' && moved + toMove === 0) return nothingToMove(session);
  if (status === 'COMPLETED') {
    console.log(`moved ${text}`);
    return (await reportUnseen(session, { seen: moved, removed: moved })) ? 'failed' : 'done';
  }
  if (status === 'CANCELLED') {
    console.error(`cancelled: moved ${text}, the others are where they were`);
    return 'interrupted';
  }
  console.error(
    `error: SQS stopped moving (${failureReason}): moved ${text}, the others are where they were`,
  );
  return 'failed';
}
