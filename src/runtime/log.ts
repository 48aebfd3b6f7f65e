import { Logger } from '@aws-lambda-powertools/logger';
import type { JobLog, LogFields } from '../job/context.ts';

/** A logger for one job. Its level comes from POWERTOOLS_LOG_LEVEL or AWS_LAMBDA_LOG_LEVEL, INFO by default. */
export function jobLogger(jobName: string, codeVersion: string | undefined): Logger {
  return new Logger({ serviceName: jobName, persistentKeys: { jobName, codeVersion } });
}

/** The part of the Powertools Logger that is used for messages. */
export type MessageLogger = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** A message's log: its fields on every line. Not `createChild`, which costs 44 µs a message instead of nothing. */
export class MessageLog implements JobLog {
  readonly #logger: MessageLogger;
  readonly #fields: LogFields;

  constructor(logger: MessageLogger, fields: LogFields) {
    this.#logger = logger;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields | Error): void {
    this.#logger.debug(message, this.#with(fields));
  }

  info(message: string, fields?: LogFields | Error): void {
    this.#logger.info(message, this.#with(fields));
  }

  warn(message: string, fields?: LogFields | Error): void {
    this.#logger.warn(message, this.#with(fields));
  }

  error(message: string, fields?: LogFields | Error): void {
    this.#logger.error(message, this.#with(fields));
  }

  #with(given: LogFields | Error | undefined): LogFields {
    return { ...this.#fields, ...(given instanceof Error ? { error: given } : given) };
  }
}
