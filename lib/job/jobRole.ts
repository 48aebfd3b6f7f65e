import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Fn, Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { fargateSettings } from '../../src/job/compute.ts';
import type { IamStatement } from '../../src/job/index.ts';
import type { BundledJob } from '../bundle/bundle.ts';
import {
  acknowledgeFiles,
  allow,
  allowFiles,
  type FileAccess,
  wildcardFinding,
} from '../platform/permissions.ts';
import type { JobStores } from '../platform/stores.ts';

interface JobRoleProps extends JobStores {
  readonly job: BundledJob;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  /** What the job file asks for beyond consuming its queue. */
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

/**
 * The role of a job's tasks. It differs from a function's role: ECS writes the log, and a task may ask for protection from
 * scale-in.
 */
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
  // A worker asks through the container agent, which protects only the task that asks.
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
  acknowledgeFiles(
    role,
    filesBucket,
    fileAccessOf(job),
    "The files of the job's own messages: their names are made at run time.",
  );
  return role;
}

function runStatements(props: JobRoleProps): PolicyStatement[] {
  const { job, queue, deadLetterQueue, filesBucket, idempotencyTable, statusTable } = props;
  return [
    allow(
      queue.queueArn,
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ChangeMessageVisibility',
      ...(sendsCopies(job) ? ['sqs:SendMessage'] : []),
    ),
    allow(deadLetterQueue.queueArn, 'sqs:SendMessage'),
    ...(idempotencyTable === undefined ? [] : [allow(idempotencyTable.tableArn, ...itemActions)]),
    ...(statusTable === undefined ? [] : [allow(statusTable.tableArn, ...itemActions)]),
    ...fileAccessOf(job).map((access) => allowFiles(filesBucket, access)),
  ];
}

/** A duplicate of a running job waits in the queue as a copy, and a stopping worker sends back what it cannot run as one. */
function sendsCopies({ job }: BundledJob): boolean {
  return job.idempotency !== undefined || fargateSettings(job.compute) !== undefined;
}

const itemActions = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];

/** A job reaches the files of its own messages only. */
function fileAccessOf({ name, job }: BundledJob): FileAccess[] {
  return [
    { prefix: `payloads/${name}/`, actions: ['s3:GetObject'] },
    ...(job.uploads === undefined
      ? []
      : [{ prefix: `uploads/${name}/`, actions: ['s3:GetObject'] } satisfies FileAccess]),
    ...(job.track === true
      ? [{ prefix: `results/${name}/`, actions: ['s3:GetObject', 's3:PutObject'] } satisfies FileAccess]
      : []),
  ];
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

/** Marks IAM's own variables, such as `${aws:username}`, with `${!`, so that CloudFormation leaves them alone. */
function literalExceptAws(text: string): string {
  return text.replaceAll(/\$\{(?!AWS::|!)/g, '$${!');
}
