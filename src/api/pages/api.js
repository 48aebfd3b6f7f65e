/** The API refused a request. `status` is the HTTP status, or 0 when no answer came. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The token with which the user is signed in, from the session's storage. Null where the host itself knows the user. */
export function token() {
  try {
    return sessionStorage.getItem('jobsToken');
  } catch {
    return null;
  }
}

/**
 * Sends a request to the API that served this page.
 * @param {string} path relative to the API's root, such as `jobs/<jobId>`
 * @param {RequestInit} [request]
 * @throws {ApiError} when the API refuses or does not answer
 */
export async function ask(path, request = {}) {
  const bearer = token();
  const headers = { ...request.headers, ...(bearer && { authorization: `Bearer ${bearer}` }) };
  const response = await fetch(new URL(`../${path}`, location.href), { ...request, headers }).catch(
    (error) => {
      throw request.signal?.aborted ? error : new ApiError('The server cannot be reached.', 0);
    },
  );
  if (response.ok || response.status === 304) return response;
  throw new ApiError(await problemOf(response), response.status);
}

/**
 * @param {string} path
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
export async function post(path, body, headers) {
  const response = await ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return response.json();
}

/** @param {Response} response */
async function problemOf(response) {
  if (response.status === 401 || response.status === 403) {
    return 'You are not signed in, or no longer: sign in again, then reload this page.';
  }
  const { detail, errors } = await response.json().catch(() => ({}));
  const faults = Array.isArray(errors) ? errors.map(({ path, message }) => ` ${path ?? ''} ${message}`) : [];
  return `${detail ?? `The server answered ${response.status}.`}${faults.join(';')}`;
}
