import { Token } from 'aws-cdk-lib/core';
import { SynthError } from '../platform/synthError.ts';

/** Who may call the API of the tracked jobs, and from which websites. */
export interface JobApiOptions {
  /**
   * Callers bring a token that API Gateway checks. A caller sees and cancels the jobs of its own subject (`sub`) only.
   * @default callers sign with IAM credentials (SigV4) that allow lambda:InvokeFunctionUrl and lambda:InvokeFunction on
   * the API's function; such a caller (a back end of yours) sees every job
   */
  readonly jwt?: JwtOptions;
  /**
   * The websites whose pages may call the API, and upload and download by its presigned URLs, such as
   * `https://app.example.com`, or `*` for all websites.
   * @default none
   */
  readonly origins?: readonly string[];
}

/** Which tokens the API takes. */
export interface JwtOptions {
  /** Who issues the tokens: the https URL in their claim `iss`, below which the OpenID configuration is found. */
  readonly issuer: string;
  /** Whom the tokens are issued for: their claim `aud` or `client_id` holds one of these texts. */
  readonly audience: readonly string[];
}

/**
 * Checks the options.
 * @returns the same options
 * @throws {SynthError} when AWS would refuse them
 */
export function checkedApiOptions(options: JobApiOptions = {}): JobApiOptions {
  if (options.jwt !== undefined) assertJwt(options.jwt);
  for (const origin of options.origins ?? []) assertOrigin(origin);
  return options;
}

/** The keys of the CDK's context. Lists are separated by commas. */
interface ApiContext {
  readonly apiJwtIssuer?: string | undefined;
  readonly apiJwtAudience?: string | undefined;
  readonly apiOrigins?: string | undefined;
}

/**
 * Reads `-c apiJwtIssuer=… -c apiJwtAudience=a,b -c apiOrigins=https://…`.
 * @throws {SynthError} when only one of the first two is given, or AWS would refuse a value
 */
export function apiOptionsOf({ apiJwtIssuer, apiJwtAudience, apiOrigins }: ApiContext): JobApiOptions {
  const issuer = apiJwtIssuer?.trim() ?? '';
  const audience = listOf(apiJwtAudience);
  const origins = listOf(apiOrigins);
  if ((issuer === '') !== (audience.length === 0)) {
    const [given, missing] =
      issuer === '' ? ['apiJwtAudience', 'apiJwtIssuer'] : ['apiJwtIssuer', 'apiJwtAudience'];
    throw new SynthError(
      `There is ${given} but no ${missing}: tokens are checked by both. Write ${exampleContext}, or neither to have ` +
        'callers sign with IAM credentials.',
    );
  }
  return checkedApiOptions({
    ...(issuer === '' ? {} : { jwt: { issuer, audience } }),
    ...(origins.length === 0 ? {} : { origins }),
  });
}

const exampleContext = '-c apiJwtIssuer=https://id.example.com -c apiJwtAudience=my-app';

function listOf(text: string | undefined): string[] {
  const items = (text ?? '').split(',').map((item) => item.trim());
  return [...new Set(items.filter((item) => item !== ''))];
}

function assertJwt({ issuer, audience }: JwtOptions): void {
  if (!Token.isUnresolved(issuer) && !isIssuer(issuer)) {
    throw new SynthError(
      `'${issuer}' is no issuer of tokens: API Gateway takes an https URL without query and fragment, as it stands in ` +
        `their claim iss (http for one on this machine, which only the local platform can reach). Write ${exampleContext}.`,
    );
  }
  const isList = Token.isUnresolved(audience) || (Array.isArray(audience) && audience.length > 0);
  if (isList && (Token.isUnresolved(audience) || audience.every((one) => one !== ''))) return;
  throw new SynthError(
    `The audience of the API's tokens is ${JSON.stringify(audience)}: API Gateway needs a list of one or more, each as ` +
      `it stands in their claim aud or client_id. Write ${exampleContext}.`,
  );
}

function isIssuer(text: string): boolean {
  const { protocol, hostname, search, hash } = urlOf(text) ?? {};
  const isSafe = protocol === 'https:' || (protocol === 'http:' && loopbackHosts.has(hostname ?? ''));
  return isSafe && search === '' && hash === '';
}

/** A browser sends an origin in lower case, without a path and without a slash at its end: only such a text matches. */
function assertOrigin(origin: string): void {
  if (Token.isUnresolved(origin) || origin === '*' || urlOf(origin)?.origin === origin) return;
  throw new SynthError(
    `'${origin}' in the API's origins is no website's origin: a scheme, a host and nothing but a port after it. ` +
      'Write -c apiOrigins=https://app.example.com,http://localhost:5173, or * for every website.',
  );
}

function urlOf(text: string): URL | undefined {
  const url = URL.parse(text) ?? undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined;
}

const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
