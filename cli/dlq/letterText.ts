import { reasonAttribute } from '../../src/runtime/deadLetter.ts';
import { InvalidMessageError } from '../../src/runtime/message.ts';
import { counted } from '../counted.ts';
import { lengthOfTime } from '../lengthOfTime.ts';
import { oneLine } from '../oneLine.ts';
import { shellWord } from '../shellWord.ts';
import type { Target } from '../target.ts';
import type { DeadLetterQueue } from './deadLetterQueue.ts';
import { diedAtMs, type Letter } from './letter.ts';
import type { OffloadedPayload } from './offloadedPayloads.ts';
import type { Reason } from './reason.ts';
import { schedulerError } from './scheduledPublish.ts';
import { jobNameOf } from './throughTopic.ts';

/** A letter for people to read: why it died, its payload, and where its log is. */
export function letterText(
  letter: Letter,
  queue: DeadLetterQueue,
  target: Target,
  offloaded?: OffloadedPayload,
): string {
  const lines = [
    oneLine(letter.jobId, 200),
    ...reasonLines(letter, queue),
    ...(offloaded === undefined ? [line('payload', payloadText(letter))] : offloadedLines(offloaded)),
    ...logLines(letter, target),
  ];
  return lines.join('\n');
}

/** Why a letter is where it is, in one line. */
export function whyText(letter: Letter, queue: DeadLetterQueue): string {
  const { reason, olderReason, attributes, receiveCount } = letter;
  if (queue.name === 'undelivered') return deliveryError(letter);
  if (queue.name === 'unrouted') {
    const jobName = jobNameOf(letter);
    return jobName === ''
      ? 'it has no attribute jobName'
      : oneLine(`no job had the name '${jobName}' when it was published`, 300);
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

function olderText({ name, message, lastFailureAt }: Reason): string {
  return `an older death, at ${lastFailureAt}, was of ${name}: ${message}`;
}

function reasonLines(letter: Letter, queue: DeadLetterQueue): string[] {
  const { reason, sentAtMs } = letter;
  const at = (ms: number): string => `${new Date(ms).toISOString()} (${ago(ms)})`;
  if (typeof reason === 'string') return [line('why', whyText(letter, queue)), line('sent', at(sentAtMs))];
  const { firstFailureAt: firstAt } = reason;
  return [
    line('why', whyText(letter, queue)),
    ...ownFrames(reason.stack ?? '').map((frame) => line('', oneLine(frame, 200))),
    line('died', `${at(diedAtMs(letter))} after ${counted(reason.attempts, 'attempt')}`),
    ...(firstAt === undefined || firstAt === reason.lastFailureAt ? [] : [line('first', firstAt)]),
    ...(reason.codeVersion === undefined ? [] : [line('code', oneLine(reason.codeVersion, 100))]),
  ];
}

/** The innermost frames that are not Node's own. */
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
  if (ErrorCode?.StringValue === undefined) return 'SNS could not deliver it, and does not say why';
  return oneLine(`SNS: ${ErrorCode.StringValue}: ${ErrorMessage?.StringValue ?? ''}`, 500);
}

function payloadText({ payload, body }: Letter): string {
  return oneLine(
    payload instanceof InvalidMessageError ? `no JSON: ${body}` : JSON.stringify(payload),
    2_000,
  );
}

function offloadedLines(payload: OffloadedPayload): string[] {
  return [
    line('payload', oneLine(`in S3: ${payload.url}`, 500)),
    line('', 'text' in payload ? oneLine(payload.text, 2_000) : oneLine(`not read: ${payload.problem}`, 500)),
  ];
}

/** The lines of this very invocation. Whatever stands in the reason, the command is one, to be pasted into a shell. */
function logLines({ reason }: Letter, { speed, clientConfig: { region = '' } }: Target): string[] {
  if (typeof reason === 'string' || reason.requestId === undefined) return [];
  const [requestId, group, stream] = [reason.requestId, reason.logGroup, reason.logStream].map(
    (text) => text && oneLine(text, 512),
  );
  if (speed !== undefined) return [line('log', `request ${requestId}, in the log of npm start`)];
  if (group === undefined) return [line('log', `request ${requestId}`)];
  const words = ['aws', 'logs', 'filter-log-events', '--region', region, '--log-group-name', group];
  if (stream !== undefined) words.push('--log-stream-names', stream);
  words.push('--filter-pattern', `"${requestId}"`, '--query', 'events[].message', '--output', 'text');
  return [line('log', words.map(shellWord).join(' '))];
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(8)} ${text}`;
}
