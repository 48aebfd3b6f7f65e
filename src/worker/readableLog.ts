import { inspect, stripVTControlCharacters } from 'node:util';
import type { MessageLogger } from '../runtime/log.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A logger that writes lines for people at a terminal. It has the level that the Powertools Logger would have:
 * `10:31:07.120 INFO  GreetingJob succeeded (0193…, attempt 1) durationMs=1.2`
 */
export function readableLogger(
  jobName: string,
  write: (text: string) => void,
  level: string = process.env.POWERTOOLS_LOG_LEVEL ?? process.env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO',
): MessageLogger {
  const least = levels.indexOf(level.toUpperCase());
  const at = (name: string) => {
    if (levels.indexOf(name) < least) return () => {};
    return (message: unknown, ...extra: unknown[]) =>
      write(lineOf(name, jobName, String(message), mergedFields(extra)));
  };
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') } as MessageLogger;
}

/** From the least to the most severe. With a level above ERROR nothing is printed. */
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'SILENT'];

function mergedFields(extra: readonly unknown[]): Fields {
  return Object.assign(
    {},
    ...extra.map((fields) => (fields instanceof Error ? { error: fields } : fields)),
  ) as Fields;
}

function lineOf(level: string, jobName: string, message: string, fields: Fields): string {
  const {
    jobId,
    attempt,
    messageId: _messageId,
    requestId: _requestId,
    outcome: _outcome,
    ...others
  } = fields;
  const whose = jobId === undefined ? '' : ` (${jobId}, attempt ${attempt})`;
  const said = Object.entries(others).filter(([, value]) => value !== undefined);
  const short = said.filter(([, value]) => !(value instanceof Error));
  const values = short.map(([name, value]) => ` ${name}=${text(value)}`).join('');
  const errors = said.flatMap(([name, value]) =>
    value instanceof Error ? [`\n    ${name === 'error' ? '' : `${name}: `}${text(value)}`] : [],
  );
  return `${time()} ${level.padEnd(5)} ${jobName} ${clean(message)}${clean(whose)}${values}${errors.join('')}\n`;
}

function text(value: unknown): string {
  return clean(
    typeof value === 'string' ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 }),
  );
}

/** A text without control characters, because a payload must not control the terminal. */
function clean(given: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return stripVTControlCharacters(given).replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}

function time(): string {
  return new Date().toISOString().slice(11, 23);
}
