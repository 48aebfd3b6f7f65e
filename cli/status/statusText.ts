import type { FailureReason, JobStatus, Progress, StateChange } from '../../src/job/jobStatus.ts';
import { counted, lengthOfTime, oneLine } from '../text.ts';

/** A status for people to read. */
export function statusText(status: JobStatus, nowMs: number, result?: string): string {
  const { jobName, jobId, state, owner, reason, history } = status;
  // The last that a job said is seldom 100 %, and it is done all the same.
  const progress = state === 'succeeded' ? undefined : status.progress;
  return [
    oneLine(`${jobName} ${jobId}`, 200),
    line('state', stateText(status, nowMs)),
    ...(progress === undefined ? [] : [line('progress', `${bar(progress)} ${progressText(progress)}`)]),
    ...(reason === undefined ? [] : [line('why', reasonText(reason, 1_000))]),
    ...(result === undefined ? [] : [resultLines(result)]),
    ...(owner === undefined ? [] : [line('owner', oneLine(owner, 200))]),
    ...labelled('history', history.map(changeText)),
    ...(state === 'dead' ? [line('next', deadAdvice(status))] : []),
  ].join('\n');
}

/** What a job returned, labelled. */
export function resultLines(result: string): string {
  return labelled('result', result.split('\n')).join('\n');
}

/** Where a job is, in words. */
export function stateText(status: JobStatus, nowMs: number): string {
  const { state, attempt = 1, createdAt, startedAt, updatedAt, endedAt = updatedAt } = status;
  const since = (at: string): string => lengthOfTime((nowMs - Date.parse(at)) / 1_000);
  switch (state) {
    case 'queued':
      return `queued for ${since(createdAt)}: its first attempt has not begun`;
    case 'running':
      return `running, ${attemptText(attempt, status)}, since ${since(runningSince(status))}${status.isCancelRequested ? '; asked to stop' : ''}`;
    case 'retrying':
      return `retrying: ${attemptText(attempt + 1, status)} ${turnText(status, nowMs)}`;
    case 'succeeded':
      return `succeeded ${since(endedAt)} ago, in attempt ${attempt}${tookText(startedAt, endedAt)}`;
    case 'dead':
      return `dead for ${since(endedAt)}${status.attempt === undefined ? '' : `, after ${counted(attempt, 'attempt')}`}`;
    case 'cancelled':
      return `cancelled ${since(endedAt)} ago`;
  }
}

/** `40 %: rendered 4 of 10 pages` */
export function progressText({ fraction, text }: Progress): string {
  const percentage = `${Math.round(fraction * 100)} %`;
  return text === undefined || text === '' ? percentage : `${percentage}: ${oneLine(text, 200)}`;
}

export function reasonText({ name, message }: FailureReason, maxLength: number): string {
  return oneLine(`${name}: ${message}`, maxLength);
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(8)} ${text}`;
}

function labelled(label: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => line(index === 0 ? label : '', text));
}

function bar({ fraction }: Progress): string {
  const full = Math.round(Math.min(Math.max(fraction, 0), 1) * barLength);
  return '█'.repeat(full) + '░'.repeat(barLength - full);
}

const barLength = 24;

function attemptText(attempt: number, { maxAttempts }: JobStatus): string {
  return maxAttempts === undefined ? `attempt ${attempt}` : `attempt ${attempt} of ${maxAttempts}`;
}

function runningSince({ history, startedAt, updatedAt }: JobStatus): string {
  return history.findLast(({ state }) => state === 'running')?.at ?? startedAt ?? updatedAt;
}

/** A lost attempt has no time for the next one: its message comes back when its visibility timeout is over. */
function turnText({ nextAttemptAt }: JobStatus, nowMs: number): string {
  if (nextAttemptAt === undefined) return 'when its message is visible again';
  const seconds = (Date.parse(nextAttemptAt) - nowMs) / 1_000;
  return seconds <= 0 ? 'is due' : `in ${lengthOfTime(Math.ceil(seconds))}`;
}

function tookText(startedAt: string | undefined, endedAt: string): string {
  if (startedAt === undefined) return '';
  const ms = Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
  return ` after ${ms < 1_000 ? `${ms} ms` : lengthOfTime(ms / 1_000)}`;
}

function changeText({ state, at, attempt, reason }: StateChange): string {
  const run = attempt === undefined ? '' : `, attempt ${attempt}`;
  const why = reason === undefined ? '' : `  ${reasonText(reason, 200)}`;
  return oneLine(`${at}  ${state}${run}${why}`, 300);
}

function deadAdvice({ jobName, jobId }: JobStatus): string {
  const id = /^[\w.:-]+$/.test(jobId) ? ` --id ${jobId}` : '';
  return oneLine(`npm run jobs -- dlq show ${jobName}${id}`, 300);
}
