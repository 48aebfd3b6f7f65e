import { type ReadReason, reasonAttribute } from '../../src/message/deadLetterReason.ts';
import { envelopeOf, unreadable } from '../../src/message/received.ts';
import { schedulerError } from '../../src/message/scheduledPublish.ts';
import type { Target } from '../target.ts';
import { counted, labelled, lengthOfTime, oneLine, shellWord } from '../text.ts';
import { diedAtMs, type Letter } from './letter.ts';
import type { OffloadedPayload } from './offloadedPayloads.ts';
import type { DeadLetterQueue } from './queues.ts';
import { jobNameOf, jobNameProblem } from './throughTopic.ts';

/** Describes a letter for people: why it died, its payload, and where its log is. */
export function letterText(
  letter: Letter,
  queue: DeadLetterQueue,
  target: Target,
  offloaded?: OffloadedPayload,
): string {
  const lines = [
    oneLine(letter.jobId, 200),
    ...reasonLines(letter, queue),
    ...(offloaded === undefined ? [labelled('payload', payloadText(letter))] : offloadedLines(offloaded)),
    ...logLines(letter, target),
  ];
  return lines.join('\n');
}

/** Says in one line why a letter is in this queue. */
export function whyText(letter: Letter, queue: DeadLetterQueue): string {
  const { reason, olderReason, attributes, receiveCount } = letter;
  if (queue.name === 'undelivered') return deliveryError(letter);
  if (queue.name === 'unrouted') {
    const problem = jobNameProblem(letter);
    return oneLine(problem ?? `no job had the name '${jobNameOf(letter)}' when it was published`, 300);
  }
  if (reason === 'missing') {
    const moved = `no reason: moved by SQS's redrive policy after maxReceiveCount receives (${receiveCount} by now)`;
    return olderReason === undefined ? moved : oneLine(`${moved}; ${olderText(olderReason)}`, 700);
  }
  if (reason === 'malformed') {
    const text = attributes[reasonAttribute]?.StringValue ?? '';
    return `the attribute ${reasonAttribute} cannot be read: ${oneLine(text, 300)}`;
  }
  return oneLine(`${reason.name}: ${reason.message}`, 500);
}

function olderText({ name, message, lastFailureAt }: ReadReason): string {
  return `an older death, at ${lastFailureAt}, was of ${name}: ${message}`;
}

function reasonLines(letter: Letter, queue: DeadLetterQueue): string[] {
  const { reason, sentAtMs } = letter;
  const at = (ms: number): string => `${new Date(ms).toISOString()} (${ago(ms)})`;
  if (typeof reason === 'string')
    return [labelled('why', whyText(letter, queue)), labelled('sent', at(sentAtMs))];
  const { firstFailureAt: firstAt } = reason;
  return [
    labelled('why', whyText(letter, queue)),
    ...(isLostAttempt(reason) ? [] : ownFrames(reason.stack ?? '')).map((frame) =>
      labelled('', oneLine(frame, 200)),
    ),
    labelled('died', `${at(diedAtMs(letter))} after ${counted(reason.attempts, 'attempt')}`),
    ...(firstAt === undefined || firstAt === reason.lastFailureAt ? [] : [labelled('first', firstAt)]),
    ...(reason.codeVersion === undefined ? [] : [labelled('code', oneLine(reason.codeVersion, 100))]),
  ];
}

/** The three innermost frames that are not Node's own. */
function ownFrames(stack: string): string[] {
  const frames = stack.split('\n').filter((frame) => /^\s*at (?!.*(node:|Promise\.all))/.test(frame));
  return frames.slice(0, 3).map((frame) => frame.trim());
}

function ago(ms: number): string {
  return `${lengthOfTime((Date.now() - ms) / 1_000)} ago`;
}

/** What SNS or EventBridge Scheduler says about a message of the undelivered queue. */
function deliveryError({ attributes }: Letter): string {
  const { ErrorCode, ErrorMessage } = attributes;
  const ofSchedule = schedulerError(attributes);
  if (ofSchedule !== undefined) return oneLine(ofSchedule, 500);
  if (ErrorCode?.StringValue === undefined) return 'SNS could not deliver it, and did not say why';
  return oneLine(`SNS: ${ErrorCode.StringValue}: ${ErrorMessage?.StringValue ?? ''}`, 500);
}

/** The payload that was published or should have been; its text when it is not JSON. */
function payloadText({ payload, body, scheduled }: Letter): string {
  if (payload !== unreadable) return oneLine(JSON.stringify(payload), 2_000);
  const published = scheduled?.body ?? body;
  return oneLine(`not JSON: ${envelopeOf(published)?.Message ?? published}`, 2_000);
}

function offloadedLines(payload: OffloadedPayload): string[] {
  return [
    labelled('payload', oneLine(`in S3: ${payload.url}`, 500)),
    labelled(
      '',
      'text' in payload ? oneLine(payload.text, 2_000) : oneLine(`not read: ${payload.problem}`, 500),
    ),
  ];
}

/**
 * Where the log lines of the death are: on AWS a command that prints them. Words from the reason are quoted, so that it is
 * always a single command and safe to paste into a shell. On the local platform, `npm start` prints the log of all jobs.
 */
function logLines({ reason, jobId }: Letter, { speed, clientConfig: { region = '' } }: Target): string[] {
  if (typeof reason === 'string' || reason.requestId === undefined) return [];
  if (speed !== undefined) return [labelled('log', oneLine(`jobId=${jobId}, in the log of npm start`, 512))];
  const { logGroup } = reason;
  if (logGroup === undefined) return [labelled('log', oneLine(`request ${reason.requestId}`, 512))];
  const which = isLostAttempt(reason) ? crashLines(reason, jobId) : requestLines(reason);
  const words = [
    ...['aws', 'logs', 'filter-log-events', '--region', region, '--log-group-name', logGroup],
    ...[...which, '--query', 'events[].message', '--output', 'text'],
  ];
  return [labelled('log', words.map((word) => shellWord(oneLine(word, 512))).join(' '))];
}

/** Whether the last attempt was lost. The reason then holds the request of the next attempt, which gave up. */
function isLostAttempt({ name }: ReadReason): boolean {
  return name === 'LostAttemptError';
}

/** Finds the lines of the job's attempts, and Lambda's lines about processes of the job that ended meanwhile. */
function crashLines({ firstFailureAt, lastFailureAt }: ReadReason, jobId: string): string[] {
  const phrases = [jobId, ...endsOfProcesses].map((phrase) => `?${quoted(phrase)}`);
  return [
    ...(firstFailureAt === undefined ? [] : ['--start-time', String(Date.parse(firstFailureAt))]),
    ...['--end-time', String(Date.parse(lastFailureAt))],
    ...['--filter-pattern', phrases.join(' ')],
  ];
}

const endsOfProcesses = ['timed out', 'Runtime exited', 'Status: timeout', 'Status: error'];

/** Finds the lines of this invocation only. */
function requestLines({ requestId = '', logStream }: ReadReason): string[] {
  const stream = logStream === undefined ? [] : ['--log-stream-names', logStream];
  return [...stream, '--filter-pattern', quoted(requestId)];
}

/** A phrase of a CloudWatch filter pattern. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
