/**
 * Signs requests that no SDK makes. Why no library serves: a worker signs every receive and delete. The SDK's signer,
 * `@smithy/signature-v4`, takes ten times as long and adds 140 KB to a caller's bundle; `aws4fetch` computes each hash
 * by WebCrypto, in Node's thread pool.
 */
import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface UnsignedRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  /** Names in lower case. All of them are signed; `host` and the date are added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface SigningScope {
  /** The service's name in a signature: `sqs`, `lambda` or `execute-api`. Not `s3`, which signs a path unencoded. */
  readonly service: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly now: Date;
}

/**
 * The headers of a request, signed with Signature Version 4.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signedHeaders(
  { method, url, headers, body }: UnsignedRequest,
  { service, region, credentials, now }: SigningScope,
): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const signed: Record<string, string> = { ...headers, host: url.host, 'x-amz-date': time };
  if (credentials.sessionToken !== undefined) signed['x-amz-security-token'] = credentials.sessionToken;
  const names = Object.keys(signed).sort();
  const lines = names.map((name) => `${name}:${signed[name]}\n`).join('');
  const nameList = names.join(';');
  const canonical = `${method}\n${canonicalPath(url)}\n${canonicalQuery(url)}\n${lines}\n${nameList}\n${sha256(body)}`;
  const scope = `${date}/${region}/${service}/aws4_request`;
  const signature = createHmac('sha256', signingKey(credentials.secretAccessKey, date, region, service))
    .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`)
    .digest('hex');
  signed.authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${nameList}, Signature=${signature}`;
  return signed;
}

/** The path, encoded once more, as the signature needs it. */
function canonicalPath({ pathname }: URL): string {
  return pathname === '/' ? pathname : pathname.split('/').map(encoded).join('/');
}

function canonicalQuery({ searchParams }: URL): string {
  return [...searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
}

/** A text encoded by RFC 3986, which is stricter than `encodeURIComponent`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The key is the same for a whole day, so the last one is kept. */
function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  const of = `${date}/${region}/${service}/${secret}`;
  if (lastKey?.of !== of) {
    const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secret}`);
    lastKey = { of, key: key as Buffer };
  }
  return lastKey.key;
}

let lastKey: { readonly of: string; readonly key: Buffer } | undefined;

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
