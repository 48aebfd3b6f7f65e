import type { IncomingMessage } from 'node:http';
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { HttpError } from './HttpError.ts';
import { splitUrl } from './requestEvent.ts';

export interface JwtConfiguration {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Where the token is: `$request.header.Authorization` or `$request.querystring.token`. */
  readonly identitySource: string;
}

/** What a function finds at `requestContext.authorizer.jwt`. */
interface JwtContext {
  /** Every claim as a text. */
  readonly claims: Readonly<Record<string, string>>;
  /** The token's, where the route asks for some. */
  readonly scopes: readonly string[] | null;
}

export interface JwtAuthorizer {
  /** @throws {HttpError} 401 without a valid token, 403 without one of the scopes */
  authorize(request: IncomingMessage, scopes: readonly string[]): Promise<JwtContext>;
}

/** API Gateway verifies signatures by RSA only. */
const algorithms = ['RS256', 'RS384', 'RS512'];
const FETCH_TIMEOUT_MS = 5_000;

/**
 * A JWT authorizer of an HTTP API, evaluated as API Gateway does
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html): signature, `iss`, `aud`
 * or `client_id`, `exp`, `nbf`, `iat`, scopes. The issuer's keys are fetched on the first request.
 */
export function createJwtAuthorizer(
  { issuer, audience, identitySource }: JwtConfiguration,
  onWarning: (text: string) => void,
): JwtAuthorizer {
  let keys: Promise<JWTVerifyGetKey> | undefined;

  return {
    authorize: async (request, scopes) => {
      const token = tokenOf(request, identitySource);
      if (token === undefined) throw unauthorized('Bearer');
      const payload = await verified(token);
      const granted = scopesOf(payload);
      if (scopes.length > 0 && !scopes.some((scope) => granted.includes(scope))) {
        const challenge = `Bearer scope="${scopes.join(' ')}" error="insufficient_scope"`;
        throw new HttpError(403, { message: 'Forbidden' }, { 'www-authenticate': challenge });
      }
      return { claims: texts(payload), scopes: scopes.length > 0 ? granted : null };
    },
  };

  async function verified(token: string): Promise<JWTPayload> {
    try {
      const options = { issuer, algorithms, requiredClaims: ['exp'] };
      const { payload } = await jwtVerify(token, await keysOfIssuer(), options);
      checkAudience(payload, audience);
      checkIssuedAt(payload);
      return payload;
    } catch (error) {
      const isTokens = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
      if (!isTokens) onWarning(`The keys of ${issuer} could not be had: ${(error as Error).message}`);
      const why = isTokens ? error.message : 'unable to get the signing keys';
      throw unauthorized(`Bearer scope="" error="invalid_token" error_description="${quotable(why)}"`);
    }
  }

  /** Failures are not kept: the issuer may be up the next time. */
  function keysOfIssuer(): Promise<JWTVerifyGetKey> {
    keys ??= findKeys(issuer).catch((error) => {
      keys = undefined;
      throw error;
    });
    return keys;
  }
}

/** By the issuer's discovery document, else where JWKS usually are. */
async function findKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const base = issuer.replace(/\/$/, '');
  const response = await fetch(`${base}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  const { jwks_uri = `${base}/.well-known/jwks.json` } = response.ok
    ? ((await response.json()) as { jwks_uri?: string })
    : {};
  return createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: FETCH_TIMEOUT_MS });
}

function tokenOf({ headers, url = '' }: IncomingMessage, identitySource: string): string | undefined {
  const [, where, name = ''] = /^\$request\.(header|querystring)\.(.+)$/.exec(identitySource) ?? [];
  const value =
    where === 'querystring' ? new URLSearchParams(splitUrl(url)[1]).get(name) : headers[name.toLowerCase()];
  return typeof value === 'string' && value !== '' ? value.replace(/^Bearer +/i, '') : undefined;
}

/** `client_id` counts only in a token without `aud`. */
function checkAudience({ aud, client_id }: JWTPayload, audience: readonly string[]): void {
  const given = [aud ?? client_id].flat();
  if (given.some((one) => typeof one === 'string' && audience.includes(one))) return;
  throw new errors.JWTInvalid('the token does not have a valid audience');
}

function checkIssuedAt({ iat }: JWTPayload): void {
  if (iat === undefined || iat <= Date.now() / 1_000) return;
  throw new errors.JWTInvalid('the token is issued in the future');
}

function scopesOf({ scope, scp }: JWTPayload): string[] {
  const given = scope ?? scp;
  return Array.isArray(given)
    ? given.map(String)
    : String(given ?? '')
        .split(' ')
        .filter(Boolean);
}

/** As API Gateway writes them: a list is `[a b]`. */
function texts(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, claimText(value)]));
}

function claimText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(claimText).join(' ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function unauthorized(challenge: string): HttpError {
  return new HttpError(401, { message: 'Unauthorized' }, { 'www-authenticate': challenge });
}

function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, "'");
}
