import { type FileResult, isFileResult } from '../../src/files/fileResult.ts';
import type { FailureReason, JobStatus, Progress, StateChange } from '../../src/job/jobStatus.ts';
import { counted, labelled, lengthOfTime, oneLine } from '../text.ts';
import type { StatusApi } from './statusApi.ts';

/** Describes a status for people. */
export function statusText(status: JobStatus, nowMs: number, result?: string): string {
  const { jobName, jobId, state, owner, reason, history } = status;
  // The last progress that a job reported is seldom 100 %, which would look wrong for a job that is done.
  const progress = state === 'succeeded' ? undefined : status.progress;
  return [
    oneLine(`${jobName} ${jobId}`, 200),
    labelled('state', stateText(status, nowMs)),
    ...(progress === undefined ? [] : [labelled('progress', `${bar(progress)} ${progressText(progress)}`)]),
    ...(reason === undefined ? [] : [labelled('why', reasonText(reason, 1_000))]),
    ...(result === undefined ? [] : [resultLines(result)]),
    ...(owner === undefined ? [] : [labelled('owner', oneLine(owner, 200))]),
    ...labelledLines('history', history.map(changeText)),
    ...(state === 'dead' ? [labelled('next', deadAdvice(status))] : []),
  ].join('\n');
}

/** The lines of a job's result, labelled. */
export function resultLines(result: string): string {
  return labelledLines('result', result.split('\n')).join('\n');
}

/** Says why a job may have no status. */
export function unknownText(jobId: string): string {
  return `nothing is known of ${JSON.stringify(jobId)}: its first attempt has not begun, it is delayed (npm run jobs -- schedules list shows it), there is no such job, it is not yours, or it has no track: true`;
}

/** A job's state in words. */
function stateText(status: JobStatus, nowMs: number): string {
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

function labelledLines(label: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => labelled(index === 0 ? label : '', text));
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

/** When the next attempt begins. After a lost attempt no time is known: its message becomes visible by itself. */
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

/**
 * Describes the result of a job that succeeded: a value as JSON, a file or a large value by its URL. undefined when there is
 * no result.
 */
export async function resultText(status: JobStatus, api: StatusApi): Promise<string | undefined> {
  const { state, result } = status;
  if (state !== 'succeeded') return undefined;
  if (isFileResult(result)) return fileText(result, status, api);
  if ('result' in status) return jsonText(result);
  return await storedText(status, api);
}

/** `orders.pdf (application/pdf, 2,345 bytes): https://…/jobs/order-7/result` */
export function fileText(
  { file: { name, contentType, bytes } }: FileResult,
  job: Pick<JobStatus, 'jobId'>,
  api: Pick<StatusApi, 'url'>,
): string {
  return oneLine(`${name} (${contentType}, ${bytesText(bytes)}): ${resultUrl(job, api)}`, 500);
}

/** Describes a result that is not in the status: it is in S3, or the job returned nothing. */
async function storedText(status: JobStatus, api: StatusApi): Promise<string | undefined> {
  const response = await api.result(status.jobId);
  await response.body?.cancel();
  if (response.status === 204) return undefined;
  const bytes = Number(response.headers.get('content-length') ?? Number.NaN);
  const size = Number.isNaN(bytes) ? 'a large value' : `a value of ${bytesText(bytes)}`;
  return `${size}: ${resultUrl(status, api)}`;
}

function resultUrl({ jobId }: Pick<JobStatus, 'jobId'>, { url }: Pick<StatusApi, 'url'>): string {
  return `${url}/jobs/${encodeURIComponent(jobId)}/result`;
}

function bytesText(bytes: number): string {
  return `${bytes.toLocaleString('en')} bytes`;
}

/** A value as JSON. JSON allows some control characters, which must not reach the terminal. */
function jsonText(value: unknown): string {
  const lines = (JSON.stringify(value, undefined, 2) ?? '').split('\n');
  const shown = lines.slice(0, maxLines).map((line) => oneLine(line, 1_000));
  if (lines.length > maxLines) shown.push(`… and ${lines.length - maxLines} lines more; --json shows all`);
  return shown.join('\n');
}

const maxLines = 40;
