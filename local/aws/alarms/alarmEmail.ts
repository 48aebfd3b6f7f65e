import { decimal } from './evaluate.ts';
import type { AlarmNotification, AlarmTrigger } from './notification.ts';

/** The notification in a message; undefined when the message is none of CloudWatch's. */
export function parseAlarmNotification(message: string): AlarmNotification | undefined {
  try {
    const value: unknown = JSON.parse(message);
    const isNotification =
      typeof value === 'object' && value !== null && 'AlarmName' in value && 'NewStateValue' in value;
    return isNotification ? (value as AlarmNotification) : undefined;
  } catch {
    return undefined;
  }
}

/** The readable text that SNS makes of an alarm's notification for e-mail, in AWS's order. */
export function alarmEmailText(alarm: AlarmNotification): string {
  const at = longTime(new Date(alarm.StateChangeTime));
  const lines = [
    `You are receiving this email because your Amazon CloudWatch Alarm "${alarm.AlarmName}" in the ${alarm.Region} region has entered the ${alarm.NewStateValue} state, because "${alarm.NewStateReason}" at "${at}".`,
    '',
    'Alarm Details:',
    field('Name', alarm.AlarmName),
    field('Description', alarm.AlarmDescription ?? ''),
    field('State Change', `${alarm.OldStateValue} -> ${alarm.NewStateValue}`),
    field('Reason for State Change', alarm.NewStateReason),
    field('Timestamp', at),
    field('AWS Account', alarm.AWSAccountId),
    field('Alarm Arn', alarm.AlarmArn),
    ...(alarm.Trigger ? triggerLines(alarm.Trigger) : []),
    ...(alarm.AlarmRule === undefined ? [] : ['', 'Alarm Rule:', `- ${alarm.AlarmRule}`]),
    '',
    'State Change Actions:',
    `- OK: ${actions(alarm.OKActions)}`,
    `- ALARM: ${actions(alarm.AlarmActions)}`,
    `- INSUFFICIENT_DATA: ${actions(alarm.InsufficientDataActions)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function triggerLines(trigger: AlarmTrigger): string[] {
  const dimensions = trigger.Dimensions.map(({ name, value }) => `${name} = ${value}`).join(', ');
  const { DatapointsToAlarm, EvaluationPeriods, Period } = trigger;
  return [
    '',
    'Threshold:',
    `- The alarm is in the ALARM state when the metric is ${trigger.ComparisonOperator} ${decimal(trigger.Threshold)} for at least ${DatapointsToAlarm} of the last ${EvaluationPeriods} period(s) of ${Period} seconds.`,
    '',
    'Monitored Metric:',
    field('MetricNamespace', trigger.Namespace),
    field('MetricName', trigger.MetricName),
    field('Dimensions', `[${dimensions}]`),
    field('Period', `${Period} seconds`),
    field('Statistic', trigger.Statistic[0] + trigger.Statistic.slice(1).toLowerCase()),
    field('Unit', 'not specified'),
    field('TreatMissingData', trigger.TreatMissingData),
  ];
}

function field(name: string, value: string): string {
  return `- ${`${name}:`.padEnd(28)}${value}`.trimEnd();
}

function actions(arns: readonly string[]): string {
  return arns.length === 0 ? '' : `[${arns.join(', ')}]`;
}

/** `Saturday 21 November, 2026 12:00:00 UTC` */
function longTime(at: Date): string {
  const part = (options: Intl.DateTimeFormatOptions) =>
    at.toLocaleString('en-GB', { timeZone: 'UTC', ...options });
  const date = `${part({ weekday: 'long' })} ${part({ day: '2-digit' })} ${part({ month: 'long' })}, ${at.getUTCFullYear()}`;
  return `${date} ${at.toISOString().slice(11, 19)} UTC`;
}
