import { devNull } from 'node:os';

/** Any will do for the engine; these are nobody's. */
export const localCredentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/**
 * What AWS clients in a process of the platform see: the local endpoint, made-up credentials, and nothing of the
 * developer's configuration, so that none ever talks to real AWS.
 * @param own the process’s variables, which may name another endpoint and change nothing else of this
 */
export function isolatedAws(
  { endpoint, region }: { readonly endpoint: string; readonly region: string },
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    ...own,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
    AWS_SESSION_TOKEN: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
