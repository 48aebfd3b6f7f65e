import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import {
  DeleteMessageBatchCommand,
  type DeleteMessageBatchCommandInput,
  type DeleteMessageBatchResult,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  type ReceiveMessageResult,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { signedHeaders } from '../sigV4.ts';

/**
 * A worker's connection to SQS. Every message is received and deleted, so these two calls use HTTP directly: the AWS
 * SDK's client needs three times as much CPU time for them. All other calls use the SDK. A direct call that fails is
 * made again by the SDK, which handles errors, retries and a wrong clock.
 */
export class SqsConnection {
  /** The SDK's client. Direct calls take their credentials, Region and clock from it. */
  client: SQSClient;
  readonly #config: SQSClientConfig;
  readonly #endpoint: URL;
  readonly #agent: HttpAgent;
  #isClosed = false;

  /** @param config the configuration of the SDK's client. What it leaves out comes from the environment */
  constructor(queueUrl: string, config: SQSClientConfig = {}) {
    this.#config = configFor(queueUrl, config);
    this.client = new SQSClient(this.#config);
    const { endpoint } = this.#config;
    this.#endpoint = new URL('/', typeof endpoint === 'string' ? endpoint : queueUrl);
    const Agent = this.#isSecure ? HttpsAgent : HttpAgent;
    this.#agent = new Agent({ keepAlive: true });
  }

  receive(input: ReceiveMessageCommandInput): Promise<ReceiveMessageResult> {
    const timeoutMs = callTimeoutMs + (input.WaitTimeSeconds ?? 0) * 1000;
    return this.#call('ReceiveMessage', input, timeoutMs, (abortSignal) =>
      this.client.send(new ReceiveMessageCommand(input), { abortSignal }),
    );
  }

  deleteBatch(input: DeleteMessageBatchCommandInput): Promise<DeleteMessageBatchResult> {
    return this.#call('DeleteMessageBatch', input, callTimeoutMs, (abortSignal) =>
      this.client.send(new DeleteMessageBatchCommand(input), { abortSignal }),
    );
  }

  /**
   * Looks for credentials again, also in files that have changed. The SDK itself would keep those that it found first.
   */
  renewCredentials(): void {
    this.client.destroy();
    this.client = new SQSClient({ ...this.#config, ignoreCache: true } as SQSClientConfig);
  }

  /** Ends all calls that are still being made. */
  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
    this.client.destroy();
  }

  async #call<Output extends object>(
    action: string,
    input: object,
    timeoutMs: number,
    bySdk: (signal: AbortSignal) => Promise<Output>,
  ): Promise<Output> {
    try {
      return (await this.#post(action, input, timeoutMs)) as Output;
    } catch (error) {
      if (this.#isClosed) throw error;
      return await bySdk(AbortSignal.timeout(timeoutMs));
    }
  }

  /**
   * Makes a call in SQS's JSON protocol. It fails when the connection is silent for
   * `timeoutMs`, as it is while SQS waits for messages.
   */
  async #post(action: string, input: object, timeoutMs: number): Promise<unknown> {
    const { region, credentials, systemClockOffset } = this.client.config;
    const url = this.#endpoint;
    const body = JSON.stringify(input);
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${action}`,
    };
    const signed = signedHeaders(
      { method: 'POST', url, headers, body },
      {
        service: 'sqs',
        region: await region(),
        credentials: await credentials(),
        now: new Date(Date.now() + systemClockOffset),
      },
    );
    const response = await this.#send(url, signed, body, timeoutMs);
    const answer = await text(response);
    if (response.statusCode !== 200) throw new Error(`SQS answered ${response.statusCode}: ${answer}`);
    return answer === '' ? {} : JSON.parse(answer);
  }

  #send(url: URL, headers: Record<string, string>, body: string, timeout: number): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options = { agent: this.#agent, method: 'POST', headers, timeout };
    const request = (this.#isSecure ? requestHttps : requestHttp)(url, options, resolve);
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`no answer from SQS within ${timeout} ms`)));
    request.end(body);
    return promise;
  }

  get #isSecure(): boolean {
    return this.#endpoint.protocol === 'https:';
  }
}

/**
 * The configuration for a queue at its own host. The SDK goes to that host by itself, but it warns at each call when
 * the host is not AWS's, unless the host is configured.
 */
export function configFor(queueUrl: string, config: SQSClientConfig = {}): SQSClientConfig {
  const { origin, hostname } = new URL(queueUrl);
  return /\.amazonaws\.com(\.cn)?$/.test(hostname) ? config : { endpoint: origin, ...config };
}

/** How long SQS may take for a call, in addition to the time that it was asked to wait. */
const callTimeoutMs = 10_000;
