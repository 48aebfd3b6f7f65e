import { setTimeout as sleep } from 'node:timers/promises';
import { lastPart } from '../../src/names.ts';
import { CommandError, type End, onInterrupt } from '../outcome.ts';
import { counted, lengthOfTime } from '../text.ts';
import { type MoveCalls, queueArn } from './queues.ts';
import { endOf, startProgress } from './report.ts';
import type { Session } from './session.ts';

interface WholeOptions {
  readonly dryRun?: boolean;
  readonly rate?: number;
}

/** `redrive --all`: SQS moves the queue; the command shows how far it is, and Ctrl-C cancels the move. */
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
    onProgress: ({ moved }) => progress.update(moved, { text: '' }),
  });
  progress[Symbol.dispose]();
  return await report(end, session);
}

/** @throws {CommandError} when SQS is moving the queue already: it runs one move of a queue at a time */
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
    return await endOf(session, { seen: moved, removed: moved }, true);
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

interface MoveOptions {
  readonly sourceArn: string;
  readonly destinationArn: string;
  /** Messages a second, 1 to 500. Default: as SQS chooses. */
  readonly perSecond?: number | undefined;
  /** Cancels the task. */
  readonly signal: AbortSignal;
  onProgress?(state: MoveState): void;
}

/** The state of a move; SQS's numbers are approximate. */
interface MoveState {
  readonly status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
  readonly moved: number;
  readonly toMove: number;
  /** Only known while the move is running. */
  readonly handle: string | undefined;
  readonly startedAtMs: number;
  readonly failureReason: string | undefined;
}

/**
 * Moves a whole dead-letter queue by SQS's own StartMessageMoveTask, and waits until that ends. The destination is always
 * given, because SQS does not know where a message came from that was sent straight to the dead-letter queue.
 */
export async function moveQueue(
  sqs: MoveCalls,
  { sourceArn, destinationArn, perSecond, signal, onProgress }: MoveOptions,
): Promise<MoveState> {
  const earlier = await newestMove(sqs, sourceArn);
  const { TaskHandle } = await sqs.startMessageMoveTask({
    SourceArn: sourceArn,
    DestinationArn: destinationArn,
    ...(perSecond === undefined ? {} : { MaxNumberOfMessagesPerSecond: perSecond }),
  });
  let isCancelled = false;
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    if (signal.aborted && !isCancelled) {
      isCancelled = true;
      await sqs.cancelMessageMoveTask({ TaskHandle }).catch(endedMeanwhile);
      waitMs = 100;
    }
    await sleep(waitMs, undefined, isCancelled ? {} : { signal }).catch(() => undefined);
    const state = ownMove(await listMoves(sqs, sourceArn), TaskHandle, earlier);
    if (state === undefined) continue;
    onProgress?.(state);
    if (!isActive(state)) return state;
  }
}

/** The latest move of a queue, running or not; undefined when there was none. */
async function newestMove(sqs: MoveCalls, sourceArn: string): Promise<MoveState | undefined> {
  return (await listMoves(sqs, sourceArn))[0];
}

function isActive({ status }: MoveState): boolean {
  return status === 'RUNNING' || status === 'CANCELLING';
}

/** The latest ten moves of a queue, the newest first. */
async function listMoves(sqs: MoveCalls, sourceArn: string): Promise<MoveState[]> {
  const { Results = [] } = await sqs.listMessageMoveTasks({ SourceArn: sourceArn, MaxResults: 10 });
  return Results.map((task) => ({
    status: (task.Status ?? 'RUNNING') as MoveState['status'],
    moved: task.ApproximateNumberOfMessagesMoved ?? 0,
    toMove: task.ApproximateNumberOfMessagesToMove ?? 0,
    handle: task.TaskHandle,
    startedAtMs: task.StartedTimestamp ?? 0,
    failureReason: task.FailureReason,
  }));
}

/**
 * Finds our own move in the list. While it runs, it is listed with its handle. When it has ended, it has none: then it is the
 * first that was started after the earlier moves. undefined when SQS does not list it yet.
 */
function ownMove(
  moves: readonly MoveState[],
  handle: string | undefined,
  earlier: MoveState | undefined,
): MoveState | undefined {
  const later = moves.filter(({ startedAtMs }) => startedAtMs > (earlier?.startedAtMs ?? 0));
  const running = moves.find((move) => move.handle === handle);
  return running ?? later.filter((move) => move.handle === undefined).at(-1);
}

/** Ignores the error that SQS gives when a task to be cancelled has ended already. */
function endedMeanwhile(error: Error): void {
  if (error.name !== 'UnsupportedOperation' && error.name !== 'ResourceNotFoundException') throw error;
}
