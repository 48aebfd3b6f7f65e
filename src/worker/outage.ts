import type { MessageLogger } from '../runtime/log.ts';

/** Logs a line when a call to SQS begins to fail, and a line when it works again, instead of a line for each failure. */
export class Outage {
  readonly #what: string;
  readonly #logger: MessageLogger;
  #failures = 0;
  #sinceMs: number | undefined;

  /** @param what the call, as the beginning of a sentence: `receiving` */
  constructor(what: string, logger: MessageLogger) {
    this.#what = what;
    this.#logger = logger;
  }

  /** The time of the first failure since the last success, in epoch ms. Undefined while the call works. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  failed(error: unknown): void {
    this.#failures++;
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = Date.now();
    this.#logger.error(`${this.#what} fails; it is tried until it works again`, { error: error as Error });
  }

  succeeded(): void {
    if (this.#sinceMs === undefined) return;
    const afterSeconds = Math.round((Date.now() - this.#sinceMs) / 1000);
    this.#logger.info(`${this.#what} works again`, { afterSeconds, failures: this.#failures });
    this.#sinceMs = undefined;
    this.#failures = 0;
  }
}

/**
 * How long to wait before the next try, in milliseconds. It doubles each time, and half of it is random.
 * @param failures how many failures in a row there were, from 1
 */
export function backoffMs(failures: number, maxMs: number): number {
  const longestMs = Math.min(firstWaitMs * 2 ** Math.min(failures - 1, 16), maxMs);
  return longestMs * (1 - Math.random() / 2);
}

const firstWaitMs = 250;

/** Whether SQS says that a message was deleted, or is no longer this consumer's. Another try is pointless then. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && goneCodes.has(error.name);
}

/** Whether a call failed because of its credentials, so that new ones could help. */
export function isAboutCredentials(error: unknown): boolean {
  return error instanceof Error && (credentialCodes.has(error.name) || /credential/i.test(error.name));
}

const goneCodes: ReadonlySet<string> = new Set([
  'ReceiptHandleIsInvalid',
  'MessageNotInflight',
  'InvalidParameterValue',
]);

const credentialCodes: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);
