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
 * A worker's way to SQS. Receiving and deleting, which every message costs, go over HTTP directly: the AWS SDK's client
 * takes three times as much of the processor for them. Everything else goes through the SDK, and so does every direct
 * call that failed, once more: errors, retries and the correction of a wrong clock are the SDK's.
 */
export class SqsConnection {
  /** Credentials, Region and clock come from it, and all calls but the two. */
  client: SQSClient;
  readonly #config: SQSClientConfig;
  readonly #endpoint: URL;
  readonly #agent: HttpAgent;
  #isClosed = false;

  /** @param config as for the SDK's client; what it does not say comes from the environment */
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

  /** Looks for credentials anew, also in files that have changed: the SDK would remember those it found first. */
  renewCredentials(): void {
    this.client.destroy();
    this.client = new SQSClient({ ...this.#config, ignoreCache: true } as SQSClientConfig);
  }

  /** Cuts what is still under way. */
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

  /** One call in SQS's JSON protocol. A timeout is one of silence: SQS says nothing while it waits for messages. */
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
 * A queue is asked at its own host, as the SDK does by itself. It complains of it with each call, though, where that is
 * not AWS's.
 */
export function configFor(queueUrl: string, config: SQSClientConfig = {}): SQSClientConfig {
  const { origin, hostname } = new URL(queueUrl);
  return /\.amazonaws\.com(\.cn)?$/.test(hostname) ? config : { endpoint: origin, ...config };
}

/** How long SQS may take for a call, on top of what it was asked to wait. */
const callTimeoutMs = 10_000;
