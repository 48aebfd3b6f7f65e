import { compositeAlarmDefinition } from '../alarms/alarmDefinition.ts';
import { alarmsOfRule } from '../alarms/compositeRule.ts';
import { checkActions } from './alarm.ts';
import { describedHere } from './describedHere.ts';
import type { Finding, Resource, Resources, ResourceType } from './resourceType.ts';

export const compositeAlarm: ResourceType<void> = {
  type: 'AWS::CloudWatch::CompositeAlarm',
  honoured: [
    'AlarmName',
    'AlarmDescription',
    'AlarmRule',
    'ActionsEnabled',
    'AlarmActions',
    'OKActions',
    'InsufficientDataActions',
  ],
  notEvaluated: ['Tags'],
  name: { property: 'AlarmName', maxLength: 255 },

  ref: (name) => name,
  attributes: (name, { region, accountId }) => ({
    Arn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`,
  }),

  check: (resource, all) => [...checkRule(resource, all), ...checkActions(resource.properties)],

  async create(resource, { alarms, place }) {
    await alarms.put(
      compositeAlarmDefinition(
        resource.name,
        compositeAlarm.attributes(resource.name, place).Arn ?? '',
        describedHere(resource),
      ),
    );
  },
  async update(resource, _handle, context) {
    await compositeAlarm.create(resource, context);
  },
  async delete({ name }, _handle, { alarms }) {
    alarms.remove(name);
  },
};

function checkRule({ name, properties }: Resource, all: Resources): Finding[] {
  const property = 'AlarmRule';
  try {
    const { rule } = compositeAlarmDefinition(name, '', properties);
    const known = new Set(
      all.list.filter(({ type }) => type.startsWith('AWS::CloudWatch::')).map((alarm) => alarm.name),
    );
    const unknown = alarmsOfRule(rule).filter((alarm) => !known.has(alarm));
    return unknown.map((alarm) => ({
      property,
      why: `${alarm} is no alarm of this assembly`,
      refused: true,
    }));
  } catch (error) {
    return [{ property, why: (error as Error).message, refused: true }];
  }
}
