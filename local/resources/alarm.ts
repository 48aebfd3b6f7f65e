import { isScalingPolicy } from '../alarms/alarmBoard.ts';
import { alarmDefinition, metricsOf } from '../alarms/alarmDefinition.ts';
import { unsupportedMetric } from '../alarms/metrics.ts';
import { describedHere } from './describedHere.ts';
import type { Finding, Resource, ResourceType } from './resourceType.ts';

export const alarm: ResourceType<void> = {
  type: 'AWS::CloudWatch::Alarm',
  honoured: [
    'AlarmName',
    'AlarmDescription',
    'ActionsEnabled',
    'AlarmActions',
    'OKActions',
    'InsufficientDataActions',
    'Namespace',
    'MetricName',
    'Dimensions',
    'Metrics',
    'Statistic',
    'Period',
    'EvaluationPeriods',
    'DatapointsToAlarm',
    'ComparisonOperator',
    'Threshold',
    'TreatMissingData',
    'Unit',
  ],
  notEvaluated: ['Tags'],
  name: { property: 'AlarmName', maxLength: 255 },

  ref: (name) => name,
  attributes: (name, { region, accountId }) => ({
    Arn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`,
  }),

  check: (resource) => checkAlarm(resource),

  async create(resource, { alarms, place }) {
    await alarms.put(
      alarmDefinition(
        resource.name,
        alarm.attributes(resource.name, place).Arn ?? '',
        describedHere(resource),
      ),
    );
  },
  async update(resource, _handle, context) {
    await alarm.create(resource, context);
  },
  async delete({ name }, _handle, { alarms }) {
    alarms.remove(name);
  },
};

function checkAlarm({ name, properties }: Resource): Finding[] {
  try {
    const definition = alarmDefinition(name, '', properties);
    const whys = metricsOf(definition.metric).flatMap((metric) => unsupportedMetric(metric) ?? []);
    const findings: Finding[] = whys.map((why) => ({ property: 'MetricName', why, refused: true }));
    return [...findings, ...checkActions(properties, isScalingPolicy)];
  } catch (error) {
    return [{ why: (error as Error).message, refused: true }];
  }
}

/**
 * Locally an alarm can publish to topics.
 * @param isOther tells what else it can do
 */
export function checkActions(
  properties: Resource['properties'],
  isOther: (arn: string) => boolean = () => false,
): Finding[] {
  return ['AlarmActions', 'OKActions', 'InsufficientDataActions'].flatMap((property) => {
    const others = ((properties[property] ?? []) as readonly unknown[]).filter(
      (arn) => !String(arn).startsWith('arn:aws:sns:') && !isOther(String(arn)),
    );
    return others.map((arn) => ({
      property,
      why: `${arn} is not run locally (actions that publish to a topic or scale a service are)`,
    }));
  });
}
