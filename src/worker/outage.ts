import type { MessageLogger } from '../runtime/log.ts';

/** A call to SQS that fails for a while: a line in the log when that begins and one when it is over, not one per try. */
export class Outage {
  readonly #what: string;
  readonly #logger: MessageLogger;
  #failures = 0;
  #sinceMs: number | undefined;

  /** @param what as a sentence begins: `receiving` */
  constructor(what: string, logger: MessageLogger) {
    this.#what = what;
    this.#logger = logger;
  }

  /** Epoch ms of the first failure since the last success; undefined while all is well. */
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
 * How long to wait before the next try, in milliseconds: twice as long each time, half of it left to chance.
 * @param failures in a row, 1 for the first
 */
export function backoffMs(failures: number, maxMs: number): number {
  const longestMs = Math.min(firstWaitMs * 2 ** Math.min(failures - 1, 16), maxMs);
  return longestMs * (1 - Math.random() / 2);
}

const firstWaitMs = 250;

/** Whether SQS says that a message was deleted, or is visible again or somebody else's: asking again is pointless. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && goneCodes.has(error.name);
}

/** Whether other credentials could help. */
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
