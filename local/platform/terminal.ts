import type { AlarmTransition } from '../aws/alarms/alarmBoard.ts';
import type { Mail } from '../aws/alarms/mailbox.ts';
import type { BatchOutcome } from '../aws/lambda/eventSourceMapping.ts';
import type { LogLine } from '../aws/lambda/function.ts';
import { keptText } from '../aws/resources/deletionPolicy.ts';
import type { ApplyResult } from '../aws/resources/reconcile.ts';
import { printable } from './printable.ts';
import type { PlatformEvent } from './view.ts';

/** How things look in the terminal. */
export interface Terminal {
  /** Undefined for what is not worth a line: publishes, firings, batches that succeeded, alarms that begin as OK. */
  event(event: PlatformEvent): string | undefined;
  /** What does not run as on AWS, a line each; empty when there is nothing to say. */
  problems(result: ApplyResult): string;
  /** What was accepted without effect, in a line; the console has all of it. Empty when there is nothing to say. */
  notEvaluated(result: ApplyResult): string;
  warning(text: string): string;
  /** The time of day before a text. */
  timed(text: string, at?: Date): string;
}

/** @param coloured see {@link wantsColour} */
export function createTerminal(coloured: boolean): Terminal {
  return { event, problems, notEvaluated, warning, timed };

  function event(event: PlatformEvent): string | undefined {
    switch (event.type) {
      case 'log':
        return logLine(event.line);
      case 'alarm':
        return alarm(event.transition);
      case 'mail':
        return mail(event.mail);
      case 'batch':
        return batch(event.outcome);
      case 'apply':
        return applied(event.result);
      case 'warning':
        return warning(event.text);
      case 'publish':
      case 'schedule':
        return undefined;
    }
  }

  function problems({ problems }: ApplyResult): string {
    const lines = problems.map(({ path, type, property, why }) => {
      const subject = property === undefined ? `${path} (${type})` : `${path} (${type}) ${property}`;
      return `${paint('yellow', 'Not as on AWS:')} ${subject}: ${why}`;
    });
    return lines.join('\n');
  }

  function notEvaluated({ notEvaluated: { length } }: ApplyResult): string {
    if (length === 0) return '';
    return `Accepted without effect, as README.md says: ${length} types and properties, such as permissions, encryption, networks (the console lists them)`;
  }

  function warning(text: string): string {
    return timed(`${paint('yellow', 'WARN')}  ${text}`);
  }

  function timed(text: string, at = new Date()): string {
    return `${paint('dim', timeOfDay(at))} ${text}`;
  }

  function alarm({ name, scales, state, before, reason, since }: AlarmTransition): string | undefined {
    if (scales)
      return state === 'ALARM' ? timed(`${paint('cyan', 'SCALE')}  by alarm ${name}`, since) : undefined;
    if (state !== 'ALARM' && before !== 'ALARM') return undefined;
    const colour = state === 'ALARM' ? 'red' : state === 'OK' ? 'green' : 'yellow';
    return timed(`${paint(colour, state)}  alarm ${name} (was ${before})\n${indented(reason)}`, since);
  }

  function mail({ to, subject, file, at }: Mail): string {
    return timed(`${paint('magenta', 'MAIL')}  to ${to}: ${subject}\n${indented(file)}`, at);
  }

  /** What the handler itself cannot log: a timeout, a crash, a bundle that does not load, an answer that is none. */
  function batch({ result, queueName, invalidResponse }: BatchOutcome): string | undefined {
    const why = result.status === 'error' ? `${result.errorType}: ${result.errorMessage}` : invalidResponse;
    return why === undefined ? undefined : warning(`A batch of ${queueName} failed: ${why}`);
  }

  function applied({ created, updated, deleted, kept }: ApplyResult): string {
    const parts = [
      part('created', created),
      part('updated', updated),
      part('deleted', deleted),
      part('kept', kept.map(keptText)),
    ].filter(Boolean);
    return timed(parts.length === 0 ? 'Nothing changed' : parts.join('; '));
  }

  function logLine({ functionName, text, at }: LogLine): string {
    const entry = parseLogEntry(text);
    if (entry === undefined) return timed(`${paint('cyan', functionName)}  ${printable(text)}`, at);
    const { level, message, jobName, error, fields } = entry;
    const details = Object.entries(fields).map(([name, value]) => paint('dim', `${name}=${shown(value)}`));
    const source = paint('cyan', jobName ?? functionName);
    const line = [source, paint(levelColour(level), level), message, ...details].join('  ');
    return timed(error === undefined ? line : `${line}\n${indented(error)}`, at);
  }

  function paint(colour: Colour, text: string): string {
    return coloured ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text;
  }
}

/** Colours on a terminal only, and never against NO_COLOR (https://no-color.org). */
export function wantsColour(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !environment.NO_COLOR;
}

type Colour = keyof typeof colours;

const colours = { red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36, dim: 2 } as const;

interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly jobName: string | undefined;
  readonly error: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Fields that every line of a function carries: they help in CloudWatch, not here. */
const constantFields = new Set([
  'timestamp',
  'service',
  'sampling_rate',
  'xray_trace_id',
  'xrayTraceId',
  'cold_start',
  'function_arn',
  'function_memory_size',
  'function_name',
  'function_request_id',
  'requestId',
  'messageId',
  'codeVersion',
]);

/** A Powertools log line; undefined for anything else. */
function parseLogEntry(text: string): LogEntry | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const { level, message, jobName, error, ...rest } = JSON.parse(text) as Record<string, unknown>;
    if (typeof level !== 'string' || message === undefined) return undefined;
    const fields = Object.fromEntries(Object.entries(rest).filter(([name]) => !constantFields.has(name)));
    return {
      level,
      message: oneEntry(String(message)),
      jobName: typeof jobName === 'string' ? oneEntry(jobName) : undefined,
      error: error === undefined ? undefined : printable(errorText(error)),
      fields,
    };
  } catch {
    return undefined;
  }
}

function errorText(error: unknown): string {
  const { name, message, stack } = (error ?? {}) as { name?: unknown; message?: unknown; stack?: unknown };
  if (typeof stack === 'string') return stack;
  return message === undefined ? shown(error) : `${name ?? 'Error'}: ${message}`;
}

function levelColour(level: string): Colour {
  if (level === 'ERROR' || level === 'CRITICAL') return 'red';
  return level === 'WARN' ? 'yellow' : level === 'INFO' ? 'green' : 'dim';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? oneEntry(value) : JSON.stringify(value);
}

/** Whatever a payload says: its further lines do not look like entries of their own. */
function oneEntry(text: string): string {
  return printable(text).replaceAll('\n', '\n         ');
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `         ${line}`)
    .join('\n');
}

function part(verb: string, paths: readonly string[]): string {
  if (paths.length === 0) return '';
  const listed =
    paths.length > 4 ? `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more` : paths.join(', ');
  return `${verb} ${listed}`;
}

/** Of the machine's own time zone: 12:00:01 */
function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((number) => String(number).padStart(2, '0'))
    .join(':');
}
