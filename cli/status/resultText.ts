import { type FileResult, isFileResult } from '../../src/files/fileResult.ts';
import type { JobStatus } from '../../src/job/jobStatus.ts';
import { oneLine } from '../text.ts';
import type { StatusApi } from './statusApi.ts';

/**
 * What a job that succeeded returned, for people to read: a value as JSON, a file or a large value by where it is.
 * undefined where there is no result.
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

/** One that is not in the status is in S3, or nothing was returned. */
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

/** Control characters that JSON lets pass must not reach the terminal. */
function jsonText(value: unknown): string {
  const lines = (JSON.stringify(value, undefined, 2) ?? '').split('\n');
  const shown = lines.slice(0, maxLines).map((line) => oneLine(line, 1_000));
  if (lines.length > maxLines) shown.push(`… and ${lines.length - maxLines} lines more; --json shows all`);
  return shown.join('\n');
}

const maxLines = 40;
