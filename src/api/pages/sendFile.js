import { ApiError } from './api.js';

/**
 * Sends a file to S3 by a presigned POST. By XMLHttpRequest, for only that tells how much has been sent.
 * @param {{ url: string, fields: Record<string, string> }} form
 * @param {Blob} file
 * @param {{ onProgress(fraction: number): void, signal: AbortSignal }} options
 * @returns {Promise<void>}
 */
export function sendFile({ url, fields }, file, { onProgress, signal }) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append('file', file); // S3 ignores what follows the file
  const { promise, resolve, reject } = Promise.withResolvers();
  const request = new XMLHttpRequest();
  request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
  request.onload = () => (request.status < 300 ? resolve(undefined) : reject(refusal(request)));
  request.onerror = () => reject(new ApiError('The connection broke during the upload: try again.', 0));
  request.onabort = () => reject(signal.reason);
  signal.addEventListener('abort', () => request.abort());
  request.open('POST', url);
  request.send(body);
  return promise;
}

/** S3 says why in XML. @param {XMLHttpRequest} request */
function refusal({ status, responseText }) {
  const code = /<Code>(\w+)<\/Code>/.exec(responseText)?.[1] ?? '';
  if (/EntityTooLarge|EntityTooSmall/.test(code))
    return new ApiError('The file changed its size: choose it again.', status);
  if (/expired/i.test(responseText))
    return new ApiError('The upload took too long to begin: try again.', status);
  return new ApiError(`The file was not taken (${status} ${code}): try again.`, status);
}
