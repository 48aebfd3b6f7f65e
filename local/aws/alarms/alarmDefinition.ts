import { type CompositeRule, parseCompositeRule } from './compositeRule.ts';

/** A metric alarm as the template defines it, in seconds and AWS's words. */
export interface AlarmDefinition extends AlarmActions {
  readonly kind: 'metric';
  readonly metric: Metric | MetricSum;
  readonly statistic: Statistic;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly comparisonOperator: ComparisonOperator;
  readonly threshold: number;
  readonly treatMissingData: TreatMissingData;
}

export interface CompositeAlarmDefinition extends AlarmActions {
  readonly kind: 'composite';
  readonly rule: CompositeRule;
  /** The rule as it was written. */
  readonly ruleText: string;
}

export type AnyAlarmDefinition = AlarmDefinition | CompositeAlarmDefinition;

export interface AlarmActions {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly actionsEnabled: boolean;
  /** ARNs by the state whose entry runs them. */
  readonly actions: Readonly<Record<AlarmStateValue, readonly string[]>>;
}

export type AlarmStateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A math expression that adds metrics up, all with one statistic and period. */
interface MetricSum {
  /** As it is written: `waiting + running` */
  readonly expression: string;
  readonly metrics: readonly Metric[];
}

/** The metrics that have to be read. */
export function metricsOf(metric: Metric | MetricSum): readonly Metric[] {
  return 'metrics' in metric ? metric.metrics : [metric];
}

const statistics = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'] as const;
export type Statistic = (typeof statistics)[number];

const comparisonOperators = [
  'GreaterThanOrEqualToThreshold',
  'GreaterThanThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

const missingDataTreatments = ['missing', 'notBreaching', 'breaching', 'ignore'] as const;
export type TreatMissingData = (typeof missingDataTreatments)[number];

/** An alarm from the properties of an `AWS::CloudWatch::Alarm`. Throws an Error that names what cannot be evaluated. */
export function alarmDefinition(name: string, arn: string, properties: Properties): AlarmDefinition {
  const { metric, statistic, periodSeconds } = metricOf(properties);
  const evaluationPeriods = numberOf(properties, 'EvaluationPeriods');
  return {
    kind: 'metric',
    ...alarmActions(name, arn, properties),
    metric,
    statistic: oneOf(statistics, statistic, 'Statistic'),
    periodSeconds,
    evaluationPeriods,
    datapointsToAlarm: Number(properties.DatapointsToAlarm ?? evaluationPeriods),
    comparisonOperator: oneOf(comparisonOperators, properties.ComparisonOperator, 'ComparisonOperator'),
    threshold: numberOf(properties, 'Threshold'),
    treatMissingData: oneOf(
      missingDataTreatments,
      properties.TreatMissingData ?? 'missing',
      'TreatMissingData',
    ),
  };
}

/** An alarm from the properties of an `AWS::CloudWatch::CompositeAlarm`. Throws when its rule cannot be parsed. */
export function compositeAlarmDefinition(
  name: string,
  arn: string,
  properties: Properties,
): CompositeAlarmDefinition {
  const ruleText = String(properties.AlarmRule);
  return {
    kind: 'composite',
    ...alarmActions(name, arn, properties),
    rule: parseCompositeRule(ruleText),
    ruleText,
  };
}

type Properties = Readonly<Record<string, unknown>>;

function alarmActions(name: string, arn: string, properties: Properties): AlarmActions {
  const {
    AlarmDescription,
    ActionsEnabled = true,
    AlarmActions,
    OKActions,
    InsufficientDataActions,
  } = properties;
  return {
    name,
    arn,
    description: AlarmDescription === undefined ? undefined : String(AlarmDescription),
    actionsEnabled: String(ActionsEnabled) === 'true',
    actions: {
      ALARM: strings(AlarmActions),
      OK: strings(OKActions),
      INSUFFICIENT_DATA: strings(InsufficientDataActions),
    },
  };
}

interface MetricStat<T = Metric> {
  readonly metric: T;
  readonly statistic: unknown;
  readonly periodSeconds: number;
}

/** A metric stands in the alarm itself or, rendered by CDK for some, as the only entry of `Metrics`. */
function metricOf(properties: Properties): MetricStat<Metric | MetricSum> {
  const [sole, ...others] = (properties.Metrics ?? []) as readonly Properties[];
  if (sole === undefined) {
    const { Namespace, MetricName, Dimensions, Statistic } = properties;
    return {
      metric: metric(Namespace, MetricName, Dimensions),
      statistic: Statistic,
      periodSeconds: numberOf(properties, 'Period'),
    };
  }
  return others.length === 0 && sole.Expression === undefined ? metricStat(sole) : sumOf([sole, ...others]);
}

function metricStat({ MetricStat }: Properties): MetricStat {
  const { Metric, Stat, ...stat } = MetricStat as Properties;
  const { Namespace, MetricName, Dimensions } = Metric as Properties;
  return {
    metric: metric(Namespace, MetricName, Dimensions),
    statistic: Stat,
    periodSeconds: numberOf(stat, 'Period'),
  };
}

/** One expression, which is what the alarm goes by, and the metrics that it names. */
function sumOf(queries: readonly Properties[]): MetricStat<MetricSum> {
  const expressions = queries.filter(({ Expression }) => Expression !== undefined);
  const expression = String(expressions[0]?.Expression);
  const ids = expression.split('+').map((id) => id.trim());
  const addends = ids.map((id) => queries.find((query) => query.Id === id && query.MetricStat !== undefined));
  if (expressions.length !== 1 || addends.includes(undefined)) {
    const shown = expressions.map(({ Expression }) => Expression).join('; ');
    throw new Error(
      `math expressions are not evaluated locally, but for sums of metrics (a + b), got ${shown}`,
    );
  }
  const stats = (addends as Properties[]).map(metricStat);
  const [{ statistic, periodSeconds }] = stats as [MetricStat];
  if (stats.some((stat) => stat.statistic !== statistic || stat.periodSeconds !== periodSeconds)) {
    throw new Error(
      `the metrics of ${expression} are not evaluated locally: they need one statistic and period`,
    );
  }
  return { metric: { expression, metrics: stats.map((stat) => stat.metric) }, statistic, periodSeconds };
}

function metric(namespace: unknown, name: unknown, dimensions: unknown): Metric {
  const list = (dimensions ?? []) as readonly { Name: string; Value: unknown }[];
  return {
    namespace: String(namespace),
    name: String(name),
    dimensions: Object.fromEntries(list.map(({ Name, Value }) => [Name, String(Value)])),
  };
}

function oneOf<const T extends string>(allowed: readonly T[], value: unknown, property: string): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new Error(`${property} ${value} is not evaluated locally (${allowed.join(', ')} are)`);
  }
  return found;
}

function numberOf(properties: Properties, property: string): number {
  const value = Number(properties[property] ?? Number.NaN);
  if (Number.isNaN(value)) throw new Error(`${property} must be a number, got ${properties[property]}`);
  return value;
}

function strings(value: unknown): string[] {
  return ((value ?? []) as readonly unknown[]).map(String);
}
