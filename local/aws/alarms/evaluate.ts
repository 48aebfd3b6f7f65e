import type { AlarmDefinition, AlarmStateValue, ComparisonOperator } from './alarmDefinition.ts';

/** The metric's statistic over one period; `value` is undefined where data is missing. */
export interface Datapoint {
  readonly value: number | undefined;
  /** The end of its period. */
  readonly at: Date;
}

export interface AlarmState {
  readonly value: AlarmStateValue;
  readonly reason: string;
  /** Since when it has this value. */
  readonly since: Date;
}

/**
 * How far back an alarm looks: CloudWatch retrieves more datapoints than the alarm evaluates, "the exact number
 * varies"; its documentation's example is five for three, and so it is here.
 */
export function evaluationRange({ evaluationPeriods }: Pick<AlarmDefinition, 'evaluationPeriods'>): number {
  return evaluationPeriods + 2;
}

/**
 * The alarm's state after looking at the datapoints of its evaluation range, oldest first; a pure function.
 *
 * As CloudWatch does (docs: "Configuring how CloudWatch alarms treat missing data"): the newest existing datapoints
 * are evaluated, and only as many missing ones filled in as are needed to reach `EvaluationPeriods`. An unchanged
 * state keeps its `since`.
 */
export function evaluateAlarm(
  alarm: AlarmDefinition,
  state: AlarmState,
  datapoints: readonly Datapoint[],
  now: Date,
): AlarmState {
  const range = datapoints.slice(-evaluationRange(alarm));
  const value = stateValue(alarm, state.value, range);
  const since = value === state.value ? state.since : now;
  return { value, reason: reasonOf(alarm, value, range, state), since };
}

/** A state that nothing has been evaluated for. */
export function initialState(now: Date): AlarmState {
  return { value: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation', since: now };
}

/** Whether a datapoint violates the threshold. */
export function isBreaching(value: number, operator: ComparisonOperator, threshold: number): boolean {
  switch (operator) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'LessThanThreshold':
      return value < threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
  }
}

function stateValue(
  alarm: AlarmDefinition,
  current: AlarmStateValue,
  range: readonly Datapoint[],
): AlarmStateValue {
  const { evaluationPeriods, datapointsToAlarm, treatMissingData } = alarm;
  const evaluated = existing(range).slice(-evaluationPeriods);
  const breaching = evaluated.filter((point) => breaches(alarm, point)).length;
  const missing = evaluationPeriods - evaluated.length;
  if (missing === 0 || breaching >= datapointsToAlarm) return breaching >= datapointsToAlarm ? 'ALARM' : 'OK';

  switch (treatMissingData) {
    case 'notBreaching':
      return 'OK';
    case 'breaching':
      return breaching + missing >= datapointsToAlarm ? 'ALARM' : 'OK';
    case 'ignore':
      return breaching === evaluated.length ? current : 'OK';
    case 'missing':
      if (evaluated.length === 0) return 'INSUFFICIENT_DATA';
      return isPremature(alarm, range) ? 'ALARM' : 'OK';
  }
}

/**
 * Whether all there is breaches, and the oldest of it is at least `DatapointsToAlarm` periods old: then the alarm goes
 * off although fewer datapoints than that exist.
 */
function isPremature(alarm: AlarmDefinition, range: readonly Datapoint[]): boolean {
  const oldest = range.findIndex(({ value }) => value !== undefined);
  const oldEnough = oldest >= 0 && range.length - oldest >= alarm.datapointsToAlarm;
  return oldEnough && existing(range).every((point) => breaches(alarm, point));
}

function existing(range: readonly Datapoint[]): Datapoint[] {
  return range.filter(({ value }) => value !== undefined);
}

function breaches({ comparisonOperator, threshold }: AlarmDefinition, { value }: Datapoint): boolean {
  return value !== undefined && isBreaching(value, comparisonOperator, threshold);
}

/** In CloudWatch's wording, which people search for. */
function reasonOf(
  alarm: AlarmDefinition,
  value: AlarmStateValue,
  range: readonly Datapoint[],
  before: AlarmState,
): string {
  const { evaluationPeriods, datapointsToAlarm, threshold, comparisonOperator, treatMissingData } = alarm;
  const evaluated = existing(range).slice(-evaluationPeriods);
  if (value === 'INSUFFICIENT_DATA') return 'Insufficient Data: no datapoints were received';
  if (evaluated.length === 0) {
    if (treatMissingData === 'ignore') return before.reason;
    const treated = value === 'ALARM' ? 'Breaching' : 'NonBreaching';
    const periods = `${evaluationPeriods} ${plural(evaluationPeriods, 'period')}`;
    return `Threshold Crossed: no datapoints were received for ${periods} and ${evaluationPeriods} missing ${plural(evaluationPeriods, 'datapoint')} ${evaluationPeriods === 1 ? 'was' : 'were'} treated as [${treated}].`;
  }
  const shown = evaluated.filter((point) => breaches(alarm, point) === (value === 'ALARM'));
  const words = operatorWords[comparisonOperator];
  const points = shown
    .map(({ value: number, at }) => `${decimal(number ?? 0)} (${shortTime(at)})`)
    .join(', ');
  const transition = value === 'ALARM' ? 'OK -> ALARM' : 'ALARM -> OK';
  const minimum = value === 'ALARM' ? datapointsToAlarm : evaluationPeriods - datapointsToAlarm + 1;
  return (
    `Threshold Crossed: ${shown.length} out of the last ${evaluationPeriods} ${plural(evaluationPeriods, 'datapoint')} [${points}] ` +
    `${shown.length === 1 ? 'was' : 'were'} ${value === 'ALARM' ? '' : 'not '}${words} the threshold (${decimal(threshold)}) ` +
    `(minimum ${minimum} ${plural(minimum, 'datapoint')} for ${transition} transition).`
  );
}

const operatorWords: Readonly<Record<ComparisonOperator, string>> = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

/** CloudWatch writes whole numbers with a decimal: 600.0 */
export function decimal(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** As in CloudWatch's reasons, day first, UTC: 21/11/26 12:00:00 */
function shortTime(at: Date): string {
  const [year = '', month, day] = at.toISOString().slice(0, 10).split('-');
  return `${day}/${month}/${year.slice(2)} ${at.toISOString().slice(11, 19)}`;
}
