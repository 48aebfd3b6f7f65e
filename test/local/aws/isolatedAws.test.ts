import { devNull } from 'node:os';
import { expect, test } from '@jest/globals';
import { sandboxEnvironment } from '../../../local/aws/lambda/environment.ts';
import { workerEnvironment } from '../../../local/aws/worker/environment.ts';

/** What a template could say to lead a process out of here. */
const environment = {
  MINE: 'yes',
  AWS_REGION: 'mars',
  AWS_ACCESS_KEY_ID: 'AKIA',
  AWS_SECRET_ACCESS_KEY: 'true',
  AWS_SESSION_TOKEN: 'true',
  AWS_CONFIG_FILE: '/elsewhere/aws/config',
  AWS_SHARED_CREDENTIALS_FILE: '/elsewhere/aws/credentials',
  AWS_EC2_METADATA_DISABLED: 'false',
};
const here = { codeDirectory: '/code', environment, endpoint: 'http://127.0.0.1:9', region: 'eu-west-1' };
const sandbox = {
  ...here,
  functionName: 'f',
  functionArn: 'arn',
  handler: 'index.handler',
  timeoutSeconds: 3,
  memoryMb: 128,
};
const worker = { ...here, serviceName: 's', stopTimeoutSeconds: 5 };

test.each([
  ['a sandbox', () => sandboxEnvironment(sandbox, '127.0.0.1:1')],
  ['a worker', () => workerEnvironment(worker, 'http://127.0.0.1:1')],
])('%s reads no AWS configuration or credentials of the developer, whatever its variables say', (_, of) => {
  expect(of()).toMatchObject({
    MINE: 'yes',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
