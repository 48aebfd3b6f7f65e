import { type Arn, arnOf, parseTopicArn } from '../../src/names.ts';
import type { PlatformSchedules } from '../../src/publisher/delay/platformSchedules.ts';
import { permissionsText } from '../awsProblem.ts';

/** The IAM actions that a command needs: on schedules of the recurring and of the one-off group, and elsewhere. */
interface Permissions {
  readonly onRecurring?: readonly string[];
  readonly onOnce?: readonly string[];
  readonly onRole?: readonly string[];
  readonly onTopic?: readonly string[];
  readonly onAnything?: readonly string[];
}

const change = ['scheduler:GetSchedule', 'scheduler:UpdateSchedule'];
const passRole = ['iam:PassRole'];

/** By command; docs/schedules.md holds the same table, and a test holds it to this one. */
export const permissions = {
  list: {
    onRecurring: ['scheduler:GetSchedule'],
    onOnce: ['scheduler:GetSchedule'],
    onAnything: ['scheduler:ListSchedules'],
  },
  pause: { onRecurring: change, onRole: passRole },
  resume: { onRecurring: change, onRole: passRole },
  'run-now': { onRecurring: ['scheduler:GetSchedule'], onTopic: ['sns:Publish'] },
  cancel: { onOnce: ['scheduler:DeleteSchedule'] },
  reschedule: { onOnce: change, onRole: passRole },
} as const satisfies Record<string, Permissions>;

export type PermittedCommand = keyof typeof permissions;

/** `schedules pause needs scheduler:GetSchedule, … on arn:…; iam:PassRole on arn:…` */
export function needs(command: PermittedCommand, platform: PlatformSchedules): string {
  const { topicArn, recurringGroup, onceGroup, roleArn } = platform;
  const { onRecurring, onOnce, onRole, onTopic, onAnything }: Permissions = permissions[command];
  const topic = parseTopicArn(topicArn) as Arn;
  const schedules = (group: string): string =>
    arnOf({ ...topic, service: 'scheduler', resource: `schedule/${group}/*` });
  return permissionsText(`schedules ${command}`, [
    [onRecurring, schedules(recurringGroup)],
    [onOnce, schedules(onceGroup)],
    [onRole, roleArn],
    [onTopic, topicArn],
    [onAnything, '*'],
  ]);
}
