import { Logger } from '@aws-lambda-powertools/logger';
import type { JobLog, LogFields } from '../job/context.ts';

/** The logger of a job. Its level is in POWERTOOLS_LOG_LEVEL or AWS_LAMBDA_LOG_LEVEL. Default INFO. */
export function jobLogger(jobName: string, codeVersion: string | undefined): Logger {
  return new Logger({ serviceName: jobName, persistentKeys: { jobName, codeVersion } });
}

/** The methods of the Powertools Logger that log a message's lines. */
export type MessageLogger = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/**
 * The log of one message, with the message's fields on every line. The Logger's own `createChild` would cost 44 µs a
 * message. The Logger takes fields, an error or nothing beside the text.
 */
export class MessageLog implements JobLog {
  readonly #logger: MessageLogger;
  readonly #fields: LogFields;

  constructor(logger: MessageLogger, fields: LogFields) {
    this.#logger = logger;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields | Error): void {
    this.#logger.debug(message, this.#fields, fields as LogFields);
  }

  info(message: string, fields?: LogFields | Error): void {
    this.#logger.info(message, this.#fields, fields as LogFields);
  }

  warn(message: string, fields?: LogFields | Error): void {
    this.#logger.warn(message, this.#fields, fields as LogFields);
  }

  error(message: string, fields?: LogFields | Error): void {
    this.#logger.error(message, this.#fields, fields as LogFields);
  }
}
