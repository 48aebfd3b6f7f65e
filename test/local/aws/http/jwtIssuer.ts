import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An OpenID Connect issuer on this machine: its discovery document, its keys, and its tokens. */
export interface JwtIssuer {
  readonly url: string;
  /** How often its keys were fetched. */
  readonly fetches: number;
  /** Valid for an hour, of user `ida`, for the audience `jobs`, unless the claims say otherwise. */
  token(claims?: object, header?: { alg?: string; kid?: string }): Promise<string>;
  stop(): void;
}

/** @param discovery whether it has a discovery document that names its keys' address */
export async function startJwtIssuer({ discovery = true }: { discovery?: boolean } = {}): Promise<JwtIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] };
  let fetches = 0;
  let url = '';
  const server: Server = createServer((request, response) => {
    const isKeys = request.url === (discovery ? '/keys' : '/.well-known/jwks.json');
    if (isKeys) fetches += 1;
    const isDiscovery = discovery && request.url === '/.well-known/openid-configuration';
    response.writeHead(isKeys || isDiscovery ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKeys ? jwks : isDiscovery ? { issuer: url, jwks_uri: `${url}/keys` } : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    get fetches() {
      return fetches;
    },
    token: (claims = {}, { alg = 'RS256', kid = 'one' } = {}) => {
      const nowSeconds = Math.floor(Date.now() / 1_000);
      const usual = { iss: url, sub: 'ida', aud: 'jobs', iat: nowSeconds, exp: nowSeconds + 3_600 };
      return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg, kid }).sign(privateKey);
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
