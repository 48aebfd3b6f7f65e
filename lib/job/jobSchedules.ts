import {
  Effect,
  Grant,
  type IGrantable,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { schedulerRoleName } from '../../src/names.ts';
import { keptInProduction } from '../platform/platformQueue.ts';
import type { ResourceNames } from '../platform/resourceNames.ts';

export interface JobSchedulesProps {
  readonly names: ResourceNames;
  readonly topic: ITopic;
  /** The topic's, where it has one. */
  readonly topicKey: IKey | undefined;
  /** Takes what Scheduler could not publish. */
  readonly undeliveredQueue: IQueue;
}

/**
 * What schedules share: a group for those of the job files, one for delayed publishes, which are made at run time, and
 * the role that publishes.
 */
export class JobSchedules extends Construct {
  readonly role: Role;
  readonly #names: ResourceNames;
  #recurringGroup: CfnScheduleGroup | undefined;

  constructor(scope: Construct, id: string, props: JobSchedulesProps) {
    super(scope, id);
    const { names } = props;
    this.#names = names;
    this.role = this.#addRole(props);
    const onceGroup = new CfnScheduleGroup(this, 'OnceGroup', { name: names.onceScheduleGroup });
    // Its schedules are messages that are on their way.
    if (names.isProduction) onceGroup.applyRemovalPolicy(keptInProduction);
  }

  /** The group of the job files' schedules, which is there once a job recurs. */
  recurringGroup(): CfnScheduleGroup {
    this.#recurringGroup ??= new CfnScheduleGroup(this, 'RecurringGroup', {
      name: this.#names.scheduleGroup,
    });
    return this.#recurringGroup;
  }

  /** Lets a publisher make, move and cancel delayed publishes. Listing them needs scheduler:ListSchedules on all groups. */
  grantDelay(grantee: IGrantable): Grant {
    const { onceScheduleGroup } = this.#names;
    const schedules = this.#arnOf('schedule', `${onceScheduleGroup}/*`);
    const onSchedules = Grant.addToPrincipal({
      grantee,
      actions: ['Create', 'Get', 'Update', 'Delete'].map((action) => `scheduler:${action}Schedule`),
      resourceArns: [schedules],
    });
    const onRole = Grant.addToPrincipal({
      grantee,
      actions: ['iam:PassRole'],
      resourceArns: [this.role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': scheduler } },
    });
    return onSchedules.combine(onRole);
  }

  /** Scheduler assumes it for schedules of the platform's own groups only, which AWS tells apart by their ARNs. */
  #addRole({ names, topic, topicKey, undeliveredQueue }: JobSchedulesProps): Role {
    const groups = [names.scheduleGroup, names.onceScheduleGroup].map((group) =>
      this.#arnOf('schedule-group', group),
    );
    const { account, region } = Stack.of(this);
    const role = new Role(this, 'Role', {
      roleName: schedulerRoleName(names.topic, region),
      description: `Publishes the schedules of ${names.topic} to its topic`,
      assumedBy: new ServicePrincipal(scheduler, {
        conditions: { StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': groups } },
      }),
      inlinePolicies: {
        Publish: new PolicyDocument({
          statements: [
            allow('sns:Publish', topic.topicArn),
            allow('sqs:SendMessage', undeliveredQueue.queueArn),
          ],
        }),
      },
    });
    topicKey?.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey');
    return role;
  }

  #arnOf(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'scheduler', resource, resourceName });
  }
}

const scheduler = 'scheduler.amazonaws.com';

function allow(action: string, resource: string): PolicyStatement {
  return new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources: [resource] });
}
