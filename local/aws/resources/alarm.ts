import { isScalingPolicy } from '../alarms/alarmBoard.ts';
import { alarmDefinition, metricsOf } from '../alarms/alarmDefinition.ts';
import { unsupportedMetric } from '../alarms/metrics.ts';
import { alarmType, checkActions } from './alarmType.ts';
import type { Finding, Resource } from './resourceType.ts';

export const alarm = alarmType({
  type: 'AWS::CloudWatch::Alarm',
  honoured: [
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
  check: checkAlarm,
  definition: alarmDefinition,
});

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
