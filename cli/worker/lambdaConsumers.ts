import { functionNameOf, partitionOf, queueArnOf } from '../../src/names.ts';
import { signedHeaders } from '../../src/sigV4.ts';

/** An event source mapping by which Lambda consumes a queue. */
export interface LambdaConsumer {
  readonly uuid: string;
  readonly functionName: string;
}

/**
 * Asks Lambda who consumes a queue (`lambda:ListEventSourceMappings`); nobody where the queue is not on AWS.
 * @throws when Lambda does not say, as without that permission
 */
export async function lambdaConsumers(queueUrl: string): Promise<LambdaConsumer[]> {
  if (!isOnAws(queueUrl)) return [];
  const { SQSClient } = await import('@aws-sdk/client-sqs');
  const client = new SQSClient({});
  try {
    const { config } = client;
    const region = await config.region();
    const url = new URL('/2015-03-31/event-source-mappings/', lambdaEndpoint(region));
    url.searchParams.set('EventSourceArn', queueArnOf(queueUrl, { partition: partitionOf(region), region }));
    const headers = signedHeaders(
      { method: 'GET', url, headers: {}, body: '' },
      { service: 'lambda', region, credentials: await config.credentials(), now: new Date() },
    );
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(`Lambda answered ${response.status}`);
    return consumersIn((await response.json()) as MappingList);
  } finally {
    client.destroy();
  }
}

/** Other SQS endpoints have no Lambda beside them, unless one is named. */
function isOnAws(queueUrl: string): boolean {
  const { AWS_ENDPOINT_URL_LAMBDA } = process.env;
  return AWS_ENDPOINT_URL_LAMBDA !== undefined || /\.amazonaws\.com(\.cn)?$/.test(new URL(queueUrl).hostname);
}

interface MappingList {
  readonly EventSourceMappings?: readonly { UUID?: string; FunctionArn?: string; State?: string }[];
}

function consumersIn({ EventSourceMappings = [] }: MappingList): LambdaConsumer[] {
  return EventSourceMappings.filter(({ State }) => State !== 'Disabled' && State !== 'Disabling').map(
    ({ UUID = '', FunctionArn = '' }) => ({
      uuid: UUID,
      functionName: functionNameOf(FunctionArn) ?? FunctionArn,
    }),
  );
}

function lambdaEndpoint(region: string): string {
  const { AWS_ENDPOINT_URL_LAMBDA } = process.env;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return AWS_ENDPOINT_URL_LAMBDA ?? `https://lambda.${region}.${domain}`;
}
