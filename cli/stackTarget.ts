import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { lastPart, parseArn, platformNames } from '../src/names.ts';
import { errorCode, sentenceOf } from './awsProblem.ts';
import { CommandError } from './outcome.ts';
import { jobQueuesOf, type Target } from './target.ts';

/** A resource of a stack: a topic's physical ID is its ARN, a queue's is its URL. */
export interface StackResource {
  readonly type: string;
  readonly physicalId: string;
}

/** A stack's outputs. `ApiUrl` and `FilesBucket` tell what cannot be known from the resources' names. */
type StackOutputs = Readonly<Record<string, string>>;

/**
 * Finds a deployed platform by the names of its stack's resources: the topic is `<platform>-<stage>`, a job's queues are
 * `<platform>-<stage>-<jobName>` and `…-dead-letters`.
 * @throws {CommandError} when the stack cannot be read, or holds no platform
 */
export async function stackTarget(
  stackName: string,
  listResources: (stackName: string) => Promise<StackResource[]> = listStackResources,
  readOutputs: (stackName: string) => Promise<StackOutputs> = readStackOutputs,
): Promise<Target> {
  const [resources, outputs] = await Promise.all([
    resourcesOf(stackName, listResources),
    // Most commands need no outputs: those that do say what is missing.
    readOutputs(stackName).catch((error: Error) => error),
  ]);
  const { ApiUrl, FilesBucket }: StackOutputs = outputs instanceof Error ? {} : outputs;
  const queueUrls = idsOf(resources, 'AWS::SQS::Queue');
  const queueNames = new Set(queueUrls.map(lastPart));
  const topicArn = idsOf(resources, 'AWS::SNS::Topic').find((arn) =>
    queueNames.has(platformNames(lastPart(arn)).unroutedQueue),
  );
  if (topicArn === undefined) {
    throw new CommandError(
      `stack ${stackName} holds no job platform: give the name of the stack that 'cdk deploy' printed`,
    );
  }
  return {
    name: `stack ${stackName}`,
    topicArn,
    clientConfig: { region: parseArn(topicArn)?.region ?? '' },
    jobs: jobQueuesOf(topicArn, queueUrls),
    ...(ApiUrl && { apiUrl: ApiUrl }),
    ...(FilesBucket && { filesBucket: FilesBucket }),
    ...(outputs instanceof Error && {
      outputsProblem: `the outputs of stack ${stackName} cannot be read, which needs cloudformation:DescribeStacks. AWS says: ${sentenceOf(outputs)}`,
    }),
  };
}

async function resourcesOf(
  stackName: string,
  listResources: (stackName: string) => Promise<StackResource[]>,
): Promise<StackResource[]> {
  try {
    return await listResources(stackName);
  } catch (cause) {
    const error = cause as Error;
    // CloudFormation has answered, so the endpoint is right.
    const advice = /^(ValidationError|AccessDenied(Exception)?)$/.test(errorCode(error))
      ? ''
      : endpointAdvice();
    throw new CommandError(
      `stack ${stackName} cannot be read: ${sentenceOf(error)}. ${advice}Check the name, AWS_REGION and AWS_PROFILE`,
      { cause },
    );
  }
}

/** The variables that `npm start` prints send every AWS client to the local platform, which has no CloudFormation. */
function endpointAdvice(env: NodeJS.ProcessEnv = process.env): string {
  const variable = ['AWS_ENDPOINT_URL_CLOUDFORMATION', 'AWS_ENDPOINT_URL'].find((name) => env[name]);
  if (variable === undefined) return '';
  return `${variable} is ${env[variable]}: unset it and what was exported with it, so that AWS is asked. `;
}

function idsOf(resources: readonly StackResource[], type: string): string[] {
  return resources.filter((resource) => resource.type === type).map(({ physicalId }) => physicalId);
}

async function listStackResources(stackName: string): Promise<StackResource[]> {
  const client = new CloudFormationClient({});
  const resources: StackResource[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client },
    { StackName: stackName },
  )) {
    for (const { ResourceType = '', PhysicalResourceId = '' } of StackResourceSummaries) {
      resources.push({ type: ResourceType, physicalId: PhysicalResourceId });
    }
  }
  return resources;
}

async function readStackOutputs(stackName: string): Promise<StackOutputs> {
  const client = new CloudFormationClient({});
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
  const outputs = Stacks[0]?.Outputs ?? [];
  return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}
