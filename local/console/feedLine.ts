import type { AlarmTransition } from '../aws/alarms/alarmBoard.ts';
import type { BatchOutcome } from '../aws/lambda/eventSourceMapping.ts';
import type { LogLine } from '../aws/lambda/function.ts';
import { keptText } from '../aws/resources/deletionPolicy.ts';
import type { ApplyResult } from '../aws/resources/reconcile.ts';
import { type LogEntry, readLogLine } from '../platform/logLine.ts';
import { MAX_LINE_CHARACTERS, type PlatformEvent } from '../platform/view.ts';

/** A line of the console's log: a function printed it, or it tells what the platform has done. */
export interface FeedLine {
  /** Null for a line of the platform itself. */
  readonly functionName: string | null;
  /** The level of a line of the platform itself. Null for a function's line, whose `entry` may have a level. */
  readonly level: 'INFO' | 'WARN' | 'ERROR' | null;
  readonly text: string;
  /** The parsed line of the Powertools Logger; null for any other text. */
  readonly entry: LogEntry | null;
  readonly atMs: number;
  readonly isStderr: boolean;
}

/** The line for an event. Undefined for publishes, firings, batches that succeeded, alarms whose first state is OK. */
export function feedLine(event: PlatformEvent): FeedLine | undefined {
  switch (event.type) {
    case 'log':
      return functionLine(event.line);
    case 'alarm':
      return alarmLine(event.transition);
    case 'mail':
      return platformLine('INFO', `Mail to ${event.mail.to}: ${event.mail.subject}`);
    case 'batch':
      return batchLine(event.outcome);
    case 'apply':
      return platformLine('INFO', appliedText(event.result));
    case 'warning':
      return platformLine('WARN', event.text);
    case 'publish':
    case 'schedule':
      return undefined;
  }
}

export function functionLine({ functionName, text: whole, at, stream }: LogLine): FeedLine {
  const text = cut(whole);
  const entry = readLogLine(text) ?? null;
  return { functionName, level: null, text, entry, atMs: at.getTime(), isStderr: stream === 'stderr' };
}

function alarmLine({ name, scales, state, before, reason, since }: AlarmTransition): FeedLine | undefined {
  if (scales) {
    return state === 'ALARM'
      ? platformLine('INFO', `Scaling by alarm ${name}: ${reason}`, since.getTime())
      : undefined;
  }
  if (state !== 'ALARM' && before !== 'ALARM') return undefined;
  const level = state === 'ALARM' ? 'ERROR' : 'INFO';
  return platformLine(level, `Alarm ${name} is ${state}, was ${before}: ${reason}`, since.getTime());
}

/** Failures that a handler cannot log itself: a timeout, a crash, a bundle that does not load, an invalid answer. */
function batchLine({ result, queueName, invalidResponse }: BatchOutcome): FeedLine | undefined {
  const why = result.status === 'error' ? `${result.errorType}: ${result.errorMessage}` : invalidResponse;
  return why === undefined ? undefined : platformLine('WARN', `A batch of ${queueName} failed: ${why}`);
}

function appliedText({ created, updated, deleted, kept }: ApplyResult): string {
  const parts = [
    ['created', created],
    ['updated', updated],
    ['deleted', deleted],
    ['kept', kept.map(keptText)],
  ] as const;
  const done = parts.filter(([, paths]) => paths.length > 0);
  if (done.length === 0) return 'Template applied, nothing changed';
  return `Template applied: ${done.map(([verb, paths]) => `${verb} ${paths.join(', ')}`).join('; ')}`;
}

function platformLine(level: FeedLine['level'], text: string, atMs = Date.now()): FeedLine {
  return { functionName: null, level, text: cut(text), entry: null, atMs, isStderr: false };
}

function cut(text: string): string {
  return text.length <= MAX_LINE_CHARACTERS ? text : `${text.slice(0, MAX_LINE_CHARACTERS)}…`;
}
