import type { Fetch } from '../../src/publisher/jobApi.ts';

/** Where the API asks for tokens: one of them. */
export const tokenVariable = 'JOB_API_TOKEN';

/** Sends requests to an API with the token of the environment; undefined where there is none, and IAM signs instead. */
export function tokenFetch(): Fetch | undefined {
  const token = process.env[tokenVariable]?.trim();
  if (token === undefined || token === '') return undefined;
  return (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
}
