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
  readonly #jobId: string;
  readonly #attempt: number;
  readonly #messageId: string;
  readonly #requestId: string | undefined;

  constructor(logger: MessageLogger, jobId: string, attempt: number, messageId: string, requestId?: string) {
    this.#logger = logger;
    this.#jobId = jobId;
    this.#attempt = attempt;
    this.#messageId = messageId;
    this.#requestId = requestId;
  }

  debug(message: string, fields?: LogFields | Error): void {
    this.#logger.debug(message, this.#withOwn(fields));
  }

  info(message: string, fields?: LogFields | Error): void {
    this.#logger.info(message, this.#withOwn(fields));
  }

  warn(message: string, fields?: LogFields | Error): void {
    this.#logger.warn(message, this.#withOwn(fields));
  }

  error(message: string, fields?: LogFields | Error): void {
    this.#logger.error(message, this.#withOwn(fields));
  }

  #withOwn(fields: LogFields | Error | undefined): LogFields {
    const given = fields instanceof Error ? { error: fields } : fields;
    return {
      jobId: this.#jobId,
      attempt: this.#attempt,
      messageId: this.#messageId,
      requestId: this.#requestId,
      ...given,
    };
  }
}
