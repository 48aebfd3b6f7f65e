import {
  type AlarmDefinition,
  type AnyAlarmDefinition,
  type CompositeAlarmDefinition,
  metricsOf,
} from './alarmDefinition.ts';
import type { AlarmState } from './evaluate.ts';

/**
 * The JSON that CloudWatch publishes when an alarm enters a state, with the fields of AWS's documented example
 * (CloudWatch user guide, "Notifying users on alarm changes").
 */
export interface AlarmNotification {
  readonly AlarmName: string;
  readonly AlarmDescription: string | null;
  readonly AWSAccountId: string;
  readonly NewStateValue: string;
  readonly NewStateReason: string;
  readonly StateChangeTime: string;
  /** The region's long name: `US East (N. Virginia)` */
  readonly Region: string;
  readonly AlarmArn: string;
  readonly OldStateValue: string;
  readonly OKActions: readonly string[];
  readonly AlarmActions: readonly string[];
  readonly InsufficientDataActions: readonly string[];
  /** Of a metric alarm. */
  readonly Trigger?: AlarmTrigger;
  /** Of a composite alarm. */
  readonly AlarmRule?: string;
}

export interface AlarmTrigger {
  readonly MetricName: string;
  readonly Namespace: string;
  readonly StatisticType: 'Statistic';
  readonly Statistic: string;
  readonly Unit: null;
  readonly Dimensions: readonly { readonly value: string; readonly name: string }[];
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly ComparisonOperator: string;
  readonly Threshold: number;
  readonly TreatMissingData: string;
  readonly EvaluateLowSampleCountPercentile: '';
}

export function alarmNotification(
  definition: AnyAlarmDefinition,
  before: AlarmState,
  state: AlarmState,
  { region, accountId }: { region: string; accountId: string },
): AlarmNotification {
  return {
    AlarmName: definition.name,
    AlarmDescription: definition.description ?? null,
    AWSAccountId: accountId,
    NewStateValue: state.value,
    NewStateReason: state.reason,
    StateChangeTime: state.since.toISOString().replace('Z', '+0000'),
    Region: regionName(region),
    AlarmArn: definition.arn,
    OldStateValue: before.value,
    OKActions: definition.actions.OK,
    AlarmActions: definition.actions.ALARM,
    InsufficientDataActions: definition.actions.INSUFFICIENT_DATA,
    ...(definition.kind === 'metric' ? { Trigger: triggerOf(definition) } : ruleOf(definition)),
  };
}

/** `ALARM: "name" in US East (N. Virginia)`, cut to SNS's bound of 100 characters as CloudWatch cuts it. */
export function alarmSubject({ name }: AnyAlarmDefinition, { value }: AlarmState, region: string): string {
  const place = ` in ${regionName(region)}`;
  const whole = `${value}: "${name}"${place}`;
  if (whole.length < MAX_SUBJECT_LENGTH) return whole;
  const room = MAX_SUBJECT_LENGTH - 1 - `${value}: "..."${place}`.length;
  return `${value}: "${name.slice(0, room)}..."${place}`;
}

/** SNS: "must be less than 100 characters". */
const MAX_SUBJECT_LENGTH = 100;

function triggerOf(definition: AlarmDefinition): AlarmTrigger {
  const { metric, statistic, periodSeconds } = definition;
  return {
    MetricName: 'expression' in metric ? metric.expression : metric.name,
    Namespace: metricsOf(metric)[0]?.namespace ?? '',
    StatisticType: 'Statistic',
    Statistic: statistic.toUpperCase(),
    Unit: null,
    Dimensions: Object.entries(metricsOf(metric)[0]?.dimensions ?? {}).map(([name, value]) => ({
      value,
      name,
    })),
    Period: periodSeconds,
    EvaluationPeriods: definition.evaluationPeriods,
    DatapointsToAlarm: definition.datapointsToAlarm,
    ComparisonOperator: definition.comparisonOperator,
    Threshold: definition.threshold,
    TreatMissingData: definition.treatMissingData,
    EvaluateLowSampleCountPercentile: '',
  };
}

function ruleOf({ ruleText }: CompositeAlarmDefinition) {
  return { AlarmRule: ruleText };
}

/** The long name; the region's code where it is not in this short list. */
function regionName(region: string): string {
  return regionNames[region] ?? region;
}

const regionNames: Readonly<Record<string, string>> = {
  'us-east-1': 'US East (N. Virginia)',
  'us-east-2': 'US East (Ohio)',
  'us-west-1': 'US West (N. California)',
  'us-west-2': 'US West (Oregon)',
  'ca-central-1': 'Canada (Central)',
  'sa-east-1': 'South America (Sao Paulo)',
  'eu-west-1': 'EU (Ireland)',
  'eu-west-2': 'EU (London)',
  'eu-west-3': 'EU (Paris)',
  'eu-central-1': 'EU (Frankfurt)',
  'eu-north-1': 'EU (Stockholm)',
  'ap-south-1': 'Asia Pacific (Mumbai)',
  'ap-northeast-1': 'Asia Pacific (Tokyo)',
  'ap-northeast-2': 'Asia Pacific (Seoul)',
  'ap-southeast-1': 'Asia Pacific (Singapore)',
  'ap-southeast-2': 'Asia Pacific (Sydney)',
};
