import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { check, describe } from '../checks.ts';
import { BundleUnderClient, unpackRuntimeClient } from '../runtimeClient/runtimeClient.ts';
import { world } from '../world.ts';

let client: Promise<string> | undefined;

/** The bundle that cdk has deployed as this function, with the variables that it has on MiniStack. */
async function start(functionName: string): Promise<BundleUnderClient> {
  client ??= unpackRuntimeClient(join(world().folder, 'runtime-client'));
  const { ministack, project } = world();
  const output = join(project.folder, 'cdk.out');
  const { Resources } = JSON.parse(await readFile(join(output, 'jobs-dev.template.json'), 'utf8'));
  const deployed = Object.values(Resources as Record<string, Resource>).find(
    ({ Properties }) => Properties?.FunctionName === functionName,
  );
  const { Environment } = await ministack.aws.call('lambda', 'get_function_configuration', {
    FunctionName: functionName,
  });
  return BundleUnderClient.start(await client, join(output, deployed?.Metadata?.['aws:asset:path'] ?? ''), {
    ...ministack.environment,
    ...Environment.Variables,
  });
}

interface Resource {
  readonly Properties?: { readonly FunctionName?: string };
  readonly Metadata?: { readonly 'aws:asset:path'?: string };
}

function record(messageId: string, payload: object): object {
  return {
    messageId,
    receiptHandle: `handle of ${messageId}`,
    body: JSON.stringify(payload),
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) },
    messageAttributes: {},
    eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:jobs-dev-GreetingJob',
  };
}

/** An event of a function URL, payload format 2.0. */
function request(method: string, rawPath: string): object {
  return {
    version: '2.0',
    rawPath,
    rawQueryString: '',
    headers: { host: 'check.lambda-url.eu-west-1.on.aws' },
    requestContext: {
      domainName: 'check.lambda-url.eu-west-1.on.aws',
      http: { method, path: rawPath, sourceIp: '127.0.0.1' },
      authorizer: { iam: { userArn: 'arn:aws:iam::000000000000:user/check' } },
    },
    isBase64Encoded: false,
  };
}

describe("AWS's own runtime client", () => {
  check('runs the bundle of GreetingJob: of a batch, what failed is reported alone', async () => {
    using bundle = await start('jobs-dev-GreetingJob');
    const Records = [
      record('fine', { friendName: 'Ada' }),
      record('fails', { friendName: 'Bob', shouldFail: true }),
    ];
    assert.deepEqual(await bundle.invoke({ Records }), { batchItemFailures: [{ itemIdentifier: 'fails' }] });
    assert.deepEqual(await bundle.invoke({ Records: Records.slice(0, 1) }), { batchItemFailures: [] });
  });

  check("runs the API's bundle, which streams: its head, eight zero bytes, its body", async () => {
    using bundle = await start('jobs-dev-api');
    const { contentType, body } = await bundle.streamed(request('GET', '/openapi.json'));
    assert.equal(contentType, 'application/vnd.awslambda.http-integration-response');
    let text = '';
    for await (const chunk of body) text += chunk;
    const [head = '', json = ''] = text.split('\0'.repeat(8));
    assert.equal(JSON.parse(head).statusCode, 200);
    assert.match(JSON.parse(json).openapi, /^3\.1/);
  });
});
