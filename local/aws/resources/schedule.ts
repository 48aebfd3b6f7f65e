import { DEFAULT_GROUP, type Schedule, scheduleFrom } from '../scheduler/schedule.ts';
import { scheduleArn } from '../scheduler/scheduler.ts';
import { topicOf } from '../scheduler/targets.ts';
import type { Finding, Resource, Resources, ResourceType } from './resourceType.ts';

export const schedule: ResourceType<void> = {
  type: 'AWS::Scheduler::Schedule',
  honoured: [
    'Name',
    'GroupName',
    'ScheduleExpression',
    'ScheduleExpressionTimezone',
    'State',
    'StartDate',
    'EndDate',
    'FlexibleTimeWindow',
    'Target',
    'Description',
  ],
  // The target's RoleArn means as little here.
  notEvaluated: ['KmsKeyArn'],
  name: { property: 'Name', maxLength: 64 },
  isLast: true,

  ref: (name) => name,
  attributes: (name, place, property) => ({
    Arn: scheduleArn(String(property?.('GroupName') ?? DEFAULT_GROUP), name, place),
  }),
  identity: ({ name, properties: { GroupName = DEFAULT_GROUP } }) => `${GroupName}/${name}`,

  check: (resource, all) => checkSchedule(resource, all),

  async create(resource, { scheduler }) {
    scheduler.create(definitionOf(resource));
  },

  /** What was deleted through the API comes back. */
  async update(resource, _handle, { scheduler }) {
    const definition = definitionOf(resource);
    if (scheduler.has(definition.GroupName, definition.Name)) scheduler.update(definition);
    else scheduler.create(definition);
  },

  async delete(resource, _handle, { scheduler }) {
    const { GroupName, Name } = definitionOf(resource);
    if (scheduler.has(GroupName, Name)) scheduler.delete(GroupName, Name);
  },
};

function definitionOf({ name, properties }: Resource): Schedule {
  return scheduleFrom({ ...properties, Name: name });
}

function checkSchedule(resource: Resource, all: Resources): Finding[] {
  const property = 'Target';
  try {
    const { Target } = definitionOf(resource);
    const topicArn = topicOf(Target);
    const queueArn = Target.DeadLetterConfig?.Arn;
    const findings: Finding[] = [];
    if (topicArn !== undefined && all.byArn(topicArn)?.type !== 'AWS::SNS::Topic') {
      findings.push({ property, why: `publishes to ${topicArn}, which is no topic of this assembly` });
    }
    if (queueArn !== undefined && all.byArn(queueArn)?.type !== 'AWS::SQS::Queue') {
      findings.push({
        property,
        why: `has the dead-letter queue ${queueArn}, which is no queue of this assembly`,
      });
    }
    return findings;
  } catch (error) {
    return [{ why: (error as Error).message, refused: true }];
  }
}
