import { stripVTControlCharacters } from 'node:util';
import type { AlarmTransition } from '../aws/alarms/alarmBoard.ts';
import type { Mail } from '../aws/alarms/mailbox.ts';
import type { BatchOutcome } from '../aws/lambda/eventSourceMapping.ts';
import type { LogLine } from '../aws/lambda/function.ts';
import { keptText } from '../aws/resources/deletionPolicy.ts';
import type { ApplyResult } from '../aws/resources/reconcile.ts';
import { readLogLine } from './logLine.ts';
import type { PlatformEvent } from './view.ts';

/** Writes events as lines of the terminal. */
export class Terminal {
  readonly #coloured: boolean;

  /** @param coloured see {@link wantsColour} */
  constructor(coloured: boolean) {
    this.#coloured = coloured;
  }

  /** Undefined for events without a line: publishes, firings, batches that succeeded, alarms whose first state is OK. */
  event(event: PlatformEvent): string | undefined {
    switch (event.type) {
      case 'log':
        return this.#logLine(event.line);
      case 'alarm':
        return this.#alarm(event.transition);
      case 'mail':
        return this.#mail(event.mail);
      case 'batch':
        return this.#batch(event.outcome);
      case 'apply':
        return this.#applied(event.result);
      case 'warning':
        return this.warning(event.text);
      case 'publish':
      case 'schedule':
        return undefined;
    }
  }

  /** A line for each problem, that is, for what does not run as on AWS. Empty without problems. */
  problems({ problems }: ApplyResult): string {
    const lines = problems.map(({ path, type, property, why }) => {
      const subject = property === undefined ? `${path} (${type})` : `${path} (${type}) ${property}`;
      return `${this.#paint('yellow', 'Not as on AWS:')} ${subject}: ${why}`;
    });
    return lines.join('\n');
  }

  /** A line that counts what was accepted without effect; the console lists it. Empty when nothing was. */
  notEvaluated({ notEvaluated: { length } }: ApplyResult): string {
    if (length === 0) return '';
    return `Accepted without effect, as docs/running-locally.md says: ${length} types and properties, such as permissions, encryption, networks (the console lists them)`;
  }

  warning(text: string): string {
    return this.timed(`${this.#paint('yellow', 'WARN')}  ${text}`);
  }

  /** A text after the time of day. @param at default now */
  timed(text: string, at = new Date()): string {
    return `${this.#paint('dim', timeOfDay(at))} ${text}`;
  }

  #alarm({ name, scales, state, before, reason, since }: AlarmTransition): string | undefined {
    if (scales)
      return state === 'ALARM'
        ? this.timed(`${this.#paint('cyan', 'SCALE')}  by alarm ${name}`, since)
        : undefined;
    if (state !== 'ALARM' && before !== 'ALARM') return undefined;
    const colour = state === 'ALARM' ? 'red' : state === 'OK' ? 'green' : 'yellow';
    const line = `${this.#paint(colour, state)}  alarm ${name} (was ${before})`;
    return this.timed(`${line}\n${indented(reason)}`, since);
  }

  #mail({ to, subject, file, at }: Mail): string {
    return this.timed(`${this.#paint('magenta', 'MAIL')}  to ${to}: ${subject}\n${indented(file)}`, at);
  }

  /** Failures that a handler cannot log itself: a timeout, a crash, a bundle that does not load, an invalid answer. */
  #batch({ result, queueName, invalidResponse }: BatchOutcome): string | undefined {
    const why = result.status === 'error' ? `${result.errorType}: ${result.errorMessage}` : invalidResponse;
    return why === undefined ? undefined : this.warning(`A batch of ${queueName} failed: ${why}`);
  }

  #applied({ created, updated, deleted, kept }: ApplyResult): string {
    const parts = [
      part('created', created),
      part('updated', updated),
      part('deleted', deleted),
      part('kept', kept.map(keptText)),
    ].filter(Boolean);
    return this.timed(parts.length === 0 ? 'Nothing changed' : parts.join('; '));
  }

  #logLine({ functionName, text, at }: LogLine): string {
    const entry = readLogLine(text);
    if (entry === undefined)
      return this.timed(`${this.#paint('cyan', functionName)}  ${printable(text)}`, at);
    const { level, message, jobName, error, fields } = entry;
    const line = [
      this.#paint('cyan', jobName === undefined ? functionName : oneEntry(jobName)),
      this.#paint(levelColour(level), level),
      oneEntry(message),
      ...Object.entries(fields).map(([name, value]) => this.#paint('dim', `${name}=${shown(value)}`)),
    ].join('  ');
    return this.timed(error === undefined ? line : `${line}\n${indented(printable(errorText(error)))}`, at);
  }

  #paint(colour: Colour, text: string): string {
    return this.#coloured ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text;
  }
}

/** Whether to colour: on a terminal only, and never against NO_COLOR (https://no-color.org). */
export function wantsColour(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !environment.NO_COLOR;
}

type Colour = keyof typeof colours;

const colours = { red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36, dim: 2 } as const;

function errorText(error: unknown): string {
  const { name, message, stack } = (error ?? {}) as { name?: unknown; message?: unknown; stack?: unknown };
  if (typeof stack === 'string') return stack;
  return message === undefined ? shown(error) : `${asText(name ?? 'Error')}: ${asText(message)}`;
}

function levelColour(level: string): Colour {
  if (level === 'ERROR' || level === 'CRITICAL') return 'red';
  return level === 'WARN' ? 'yellow' : level === 'INFO' ? 'green' : 'dim';
}

function shown(value: unknown): string {
  return oneEntry(asText(value));
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Indents the further lines of a text, so that a payload's lines do not look like entries of their own. */
function oneEntry(text: string): string {
  return printable(text).replaceAll('\n', '\n         ');
}

/** Removes what could steer the terminal, since a payload may hold anything. Line breaks and tabs stay. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return stripVTControlCharacters(text).replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
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

/** The time in the machine's time zone: 12:00:01 */
function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((number) => String(number).padStart(2, '0'))
    .join(':');
}
