import { setTimeout as sleep } from 'node:timers/promises';
import type { MoveCalls } from './sqs.ts';

export interface MoveOptions {
  readonly sourceArn: string;
  readonly destinationArn: string;
  /** 1 to 500; left to SQS by default. */
  readonly perSecond?: number | undefined;
  /** Cancels the task. */
  readonly signal: AbortSignal;
  onProgress?(state: MoveState): void;
}

/** How far a move is; the numbers are SQS's approximate ones. */
export interface MoveState {
  readonly status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
  readonly moved: number;
  readonly toMove: number;
  /** Only while it is running. */
  readonly handle: string | undefined;
  readonly startedAtMs: number;
  readonly failureReason: string | undefined;
}

/**
 * Moves a whole dead-letter queue by SQS's own StartMessageMoveTask, and waits until that ends. The destination is
 * always named: SQS does not know where a message that was sent into the dead-letter queue came from.
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

/** The last move of a queue, running or not; undefined where there is none. */
export async function newestMove(sqs: MoveCalls, sourceArn: string): Promise<MoveState | undefined> {
  return (await listMoves(sqs, sourceArn))[0];
}

export function isActive({ status }: MoveState): boolean {
  return status === 'RUNNING' || status === 'CANCELLING';
}

/** The newest ones first, as many as SQS gives. */
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
 * A task is listed with its handle while it is running, and without one later: then it is the first that was started after
 * the earlier ones. A list that does not have it yet is an old one.
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

/** A task that has ended cannot be cancelled. */
function endedMeanwhile(error: Error): void {
  if (error.name !== 'UnsupportedOperation' && error.name !== 'ResourceNotFoundException') throw error;
}
