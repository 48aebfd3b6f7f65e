import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Fn, Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { fargateSettings } from '../../src/job/compute.ts';
import type { IamStatement } from '../../src/job/index.ts';
import type { BundledJob } from '../bundle/bundle.ts';
import { wildcardFinding } from '../platform/permissions.ts';
import type { JobStores } from './jobStores.ts';
import { acknowledgeOwnFiles, allow, storePermissions } from './jobStores.ts';

interface JobRoleProps extends JobStores {
  readonly job: BundledJob;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  /** What the job asks for beyond consuming its queue. */
  readonly permissions: readonly IamStatement[];
}

/** The role of a job's function: its own queues, its own log group, and what the job file asks for. */
export function functionRole(
  scope: Construct,
  id: string,
  props: JobRoleProps & { readonly logGroup: ILogGroup },
): Role {
  const logs = allow(props.logGroup.logGroupArn, 'logs:CreateLogStream', 'logs:PutLogEvents');
  return jobRole(scope, id, props, new ServicePrincipal('lambda.amazonaws.com'), [logs]);
}

/** The role of a job's tasks: the same, but that ECS writes their log, and that they may ask to be left running. */
export function taskRole(
  scope: Construct,
  id: string,
  props: JobRoleProps & { readonly clusterName: string },
): Role {
  const { clusterName } = props;
  const stack = Stack.of(scope);
  const tasks = stack.formatArn({ service: 'ecs', resource: 'task', resourceName: `${clusterName}/*` });
  const ecsTasks = new ServicePrincipal('ecs-tasks.amazonaws.com', {
    conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
  });
  // The container agent, through which a worker asks, only ever protects the task it is asked from.
  const protect = allow(tasks, 'ecs:UpdateTaskProtection');
  const role = jobRole(scope, id, props, ecsTasks, [protect]);
  Validations.of(role).acknowledge({
    id: wildcardFinding(scope, tasks),
    reason:
      "A task's ID is made when it starts: the tasks of its own cluster are as few as can be said in advance.",
  });
  return role;
}

function jobRole(
  scope: Construct,
  id: string,
  props: JobRoleProps,
  assumedBy: ServicePrincipal,
  more: readonly PolicyStatement[],
): Role {
  const { job, permissions, filesBucket } = props;
  const role = new Role(scope, id, {
    assumedBy,
    description: `Runs the job ${job.name}`,
    inlinePolicies: {
      RunJob: new PolicyDocument({ statements: [...runStatements(props), ...more] }),
      ...(permissions.length === 0 ? {} : { JobFile: jobFilePolicy(permissions) }),
    },
  });
  acknowledgeOwnFiles(role, job, filesBucket);
  return role;
}

function runStatements(props: JobRoleProps): PolicyStatement[] {
  const { job, queue, deadLetterQueue } = props;
  return [
    allow(
      queue.queueArn,
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ChangeMessageVisibility',
      ...(sendsAgain(job) ? ['sqs:SendMessage'] : []),
    ),
    allow(deadLetterQueue.queueArn, 'sqs:SendMessage'),
    ...storePermissions(job, props),
  ];
}

/** A duplicate of a job that runs waits in its queue as a copy, and what a stopping worker cannot run goes back as one. */
function sendsAgain({ job }: BundledJob): boolean {
  return job.idempotency !== undefined || fargateSettings(job.compute) !== undefined;
}

function jobFilePolicy(permissions: readonly IamStatement[]): PolicyDocument {
  const statements = permissions.map((statement) =>
    PolicyStatement.fromJson(filledIn({ Effect: 'Allow', ...statement })),
  );
  return new PolicyDocument({ statements });
}

/** Fills in `${AWS::AccountId}` and the like wherever they stand in a statement. */
function filledIn(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('${AWS::') ? Fn.sub(literalExceptAws(value)) : value;
  if (Array.isArray(value)) return value.map(filledIn);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filledIn(inner)]));
}

/** IAM's own variables, such as `${aws:username}`, are not CloudFormation's to fill in: `${!` says so. */
function literalExceptAws(text: string): string {
  return text.replaceAll(/\$\{(?!AWS::|!)/g, '$${!');
}
