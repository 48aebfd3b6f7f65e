import { EngineError } from './errors.ts';
import type { FauxqsStores } from './fauxqs.ts';
import type { Request } from './protocol.ts';

/**
 * If-None-Match and If-Match of PutObject, CopyObject and CompleteMultipartUpload, which fauxqs ignores. To be called
 * right before the handler, which writes without waiting for anything: of two writes at once one sees the other's.
 * @throws {EngineError} as S3 does
 */
export function checkWriteConditions(request: Request, s3Store: FauxqsStores['s3Store']): void {
  const { 'if-none-match': unless, 'if-match': expected } = request.headers;
  if (unless === undefined && expected === undefined) return;
  const { bucket = '', '*': key = '' } = request.params as Record<string, string>;
  if (!writesObject(request) || key === '' || !s3Store.hasBucket(bucket)) return;
  const etag = etagOf(s3Store, bucket, key);
  if (unless !== undefined) checkAbsence(unless, etag);
  if (expected !== undefined) checkMatch(expected, etag);
}

function writesObject({ method, query }: Request): boolean {
  const asks = (name: string) => name in Object(query);
  return method === 'PUT' ? !asks('partNumber') && !asks('renameObject') : asks('uploadId');
}

/** Without quotes. */
function etagOf(s3Store: FauxqsStores['s3Store'], bucket: string, key: string): string | undefined {
  try {
    return unquoted(s3Store.headObject(bucket, key).etag);
  } catch {
    return undefined; // no such key
  }
}

function checkAbsence(unless: string, etag: string | undefined): void {
  if (unless !== '*') {
    const message =
      'A header you provided implies functionality that is not implemented: If-None-Match takes * alone.';
    throw new EngineError('NotImplemented', message, 501);
  }
  if (etag !== undefined) throw failed('If-None-Match');
}

function checkMatch(expected: string, etag: string | undefined): void {
  if (etag === undefined) throw new EngineError('NoSuchKey', 'The specified key does not exist.', 404);
  if (unquoted(expected) !== etag) throw failed('If-Match');
}

function failed(condition: string): EngineError {
  const message = `At least one of the pre-conditions you specified did not hold: ${condition}.`;
  return new EngineError('PreconditionFailed', message, 412);
}

function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
