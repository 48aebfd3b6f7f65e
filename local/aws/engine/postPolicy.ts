import { EngineError } from './errors.ts';
import type { Request } from './protocol.ts';

/**
 * Evaluates the policy of a presigned POST, as S3 does
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html). A form without a policy passes.
 * @throws {EngineError} with S3's code when the policy forbids the upload
 */
export function checkPostPolicy({ body, headers }: Request, bucket: string): void {
  const [, boundary] = /boundary="?([^\s;"]+)/i.exec(String(headers['content-type'])) ?? [];
  if (boundary === undefined || !Buffer.isBuffer(body)) return; // fauxqs says what is wrong with it
  const form = readForm(body, boundary);
  const encoded = form.fields.get('policy');
  if (encoded === undefined) return;
  const { expiration, conditions } = parsePolicy(encoded);
  if (Date.parse(expiration) <= Date.now()) throw denied('Policy expired.');
  const named = new Set<string>();
  for (const condition of conditions) checkCondition(condition, form, bucket, named);
  for (const name of form.fields.keys()) {
    const isFree = name === 'policy' || name === 'x-amz-signature' || name.startsWith('x-ignore-');
    if (!isFree && !named.has(name)) throw denied(`Extra input fields: ${name}`);
  }
}

interface Form {
  /** Those before the file, by lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  readonly fileBytes: number;
}

interface Policy {
  readonly expiration: string;
  readonly conditions: readonly unknown[];
}

/** Parts are read up to the file, which is only measured. */
function readForm(body: Buffer, boundary: string): Form {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const fields = new Map<string, string>();
  let start = body.indexOf(delimiter.subarray(2)) + delimiter.length - 2;
  for (;;) {
    const headEnd = body.indexOf('\r\n\r\n', start);
    const end = headEnd < 0 ? -1 : body.indexOf(delimiter, headEnd + 2);
    if (end < 0) return { fields, fileBytes: 0 };
    const head = body.toString('utf8', start, headEnd);
    const [, name = ''] = /name="([^"]*)"/i.exec(head) ?? [];
    if (name === 'file' || /filename="/i.test(head)) return { fields, fileBytes: end - headEnd - 4 };
    fields.set(name.toLowerCase(), body.toString('utf8', headEnd + 4, end));
    start = end + delimiter.length;
  }
}

function parsePolicy(encoded: string): Policy {
  try {
    const policy = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
    if (Array.isArray(policy.conditions) && !Number.isNaN(Date.parse(policy.expiration))) return policy;
  } catch {
    // said below
  }
  throw new EngineError(
    'InvalidPolicyDocument',
    'Invalid Policy: it must be JSON with expiration and conditions.',
  );
}

function checkCondition(condition: unknown, form: Form, bucket: string, named: Set<string>): void {
  if (!Array.isArray(condition)) {
    for (const [name, value] of Object.entries(Object(condition))) {
      checkCondition(['eq', `$${name}`, value], form, bucket, named);
    }
    return;
  }
  const [operator, subject, value] = condition;
  if (operator === 'content-length-range') {
    checkLength(form.fileBytes, Number(subject), Number(value));
    return;
  }
  const name = String(subject).replace(/^\$/, '').toLowerCase();
  named.add(name);
  const given = name === 'bucket' ? bucket : (form.fields.get(name) ?? '');
  const holds = operator === 'starts-with' ? given.startsWith(String(value)) : given === String(value);
  if (!holds) throw denied(`Policy Condition failed: ${JSON.stringify(condition)}`);
}

function checkLength(bytes: number, min: number, max: number): void {
  if (bytes > max) {
    throw new EngineError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
  }
  if (bytes < min) {
    throw new EngineError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
  }
}

function denied(why: string): EngineError {
  return new EngineError('AccessDenied', `Invalid according to Policy: ${why}`, 403);
}
