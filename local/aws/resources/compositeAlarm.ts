import { compositeAlarmDefinition } from '../alarms/alarmDefinition.ts';
import { alarmsOfRule } from '../alarms/compositeRule.ts';
import { alarmType, checkActions } from './alarmType.ts';
import type { Finding, Resource, Resources } from './resourceType.ts';

export const compositeAlarm = alarmType({
  type: 'AWS::CloudWatch::CompositeAlarm',
  honoured: ['AlarmRule'],
  check: (resource, all) => [...checkRule(resource, all), ...checkActions(resource.properties)],
  definition: compositeAlarmDefinition,
});

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
