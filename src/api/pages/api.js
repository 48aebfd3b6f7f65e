/** The API refused, and says why; `status` is 0 where it did not answer at all. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** A token in the session's storage signs the user in; without a token the host knows who asks. */
export function token() {
  try {
    return sessionStorage.getItem('jobsToken');
  } catch {
    return null;
  }
}

/**
 * Asks the API that served this page.
 * @param {string} path relative to the API's root, such as `jobs/<jobId>`
 * @param {RequestInit} [request]
 * @throws {ApiError} with the problem's own words where there are some
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
