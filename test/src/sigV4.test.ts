import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { signedHeaders, type UnsignedRequest } from '../../src/sigV4.ts';

/** Node's hashes, as the SDK's signer takes them. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as NodeJS.ArrayBufferView);
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

const now = new Date('2026-11-21T09:08:07.654Z');
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

const requests: Record<string, UnsignedRequest> = {
  'a call to SQS': {
    method: 'POST',
    url: new URL('https://sqs.eu-west-1.amazonaws.com/'),
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ReceiveMessage' },
    body: '{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/1/grüße"}',
  },
  'a query with characters to encode': {
    method: 'GET',
    url: new URL("https://lambda.eu-west-1.amazonaws.com/2015-03-31/x/?b=1&a=arn:aws:sqs:*!'()&c=ü+ %20"),
    headers: {},
    body: '',
  },
  'a path with characters to encode': {
    method: 'GET',
    url: new URL("https://abc.lambda-url.eu-west-1.on.aws/jobs/a%20b%2Fü'(1)*~:@"),
    headers: {},
    body: '',
  },
  'a DELETE': {
    method: 'DELETE',
    url: new URL('https://abc.lambda-url.eu-west-1.on.aws/jobs/order-7'),
    headers: { accept: 'application/json' },
    body: '',
  },
  'another port': {
    method: 'POST',
    url: new URL('http://127.0.0.1:4100/'),
    headers: { 'x-amz-target': 'AmazonSQS.DeleteMessageBatch' },
    body: '{}',
  },
};

describe.each(Object.entries(requests))('%s', (_name, request) => {
  test.each([
    ['without a session', credentials],
    ['with a session', { ...credentials, sessionToken: 'token/+=' }],
  ])('is signed as the AWS SDK signs it, %s', async (_session, given) => {
    const service = request.method === 'POST' ? 'sqs' : 'lambda';
    const signer = new SignatureV4({ service, region: 'eu-west-1', credentials: given, sha256: Sha256 });
    const { url, headers, body, method } = request;
    const query: Record<string, string> = Object.fromEntries(url.searchParams);
    const theirs = await signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query,
        headers: { ...headers, host: url.host },
        body,
      },
      { signingDate: now },
    );
    const ours = signedHeaders(request, { service, region: 'eu-west-1', credentials: given, now });
    // The SDK signs the hash of the body as a header too, which only S3 asks for.
    const { 'x-amz-content-sha256': hash = '', authorization: _, ...others } = theirs.headers;
    const { authorization, ...unsigned } = signedHeaders(
      { ...request, headers: { ...headers, 'x-amz-content-sha256': hash } },
      { service, region: 'eu-west-1', credentials: given, now },
    );
    expect(authorization).toBe(theirs.headers.authorization);
    expect(unsigned).toEqual({ ...others, 'x-amz-content-sha256': hash });
    expect(ours.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261121\/eu-west-1\//);
  });
});
