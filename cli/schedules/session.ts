import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { type Arn, arnOf, parseTopicArn } from '../../src/names.ts';
import { type PlatformSchedules, platformSchedules } from '../../src/publisher/delay/platformSchedules.ts';
import { awsProblem, permissionsText } from '../awsProblem.ts';
import type { End } from '../outcome.ts';
import { type Target, type TargetOptions, withTarget } from '../target.ts';

/** What a command needs to work with a platform's schedules. */
export interface Session {
  readonly target: Target;
  /** Their groups, which are named after the topic. */
  readonly platform: PlatformSchedules;
  readonly scheduler: SchedulerClient;
}

/** Finds the platform and its schedules, and does the work; errors and the exit code are handled by `withTarget`. */
export async function withSchedules(
  command: PermittedCommand,
  options: TargetOptions,
  run: (session: Session) => Promise<End>,
): Promise<void> {
  await withTarget(options, {
    run(target) {
      const platform = platformSchedules(target.topicArn);
      return run({ target, platform, scheduler: new SchedulerClient(target.clientConfig) });
    },
    explain: (error, target) =>
      awsProblem(error, { target, needs: () => needs(command, platformSchedules(target.topicArn)) }),
  });
}

/** The IAM actions that a command needs, by resource. The first two are on the schedules of a group. */
interface Permissions {
  readonly onRecurring?: readonly string[];
  readonly onOnce?: readonly string[];
  readonly onRole?: readonly string[];
  readonly onTopic?: readonly string[];
  readonly onAnything?: readonly string[];
}

const change = ['scheduler:GetSchedule', 'scheduler:UpdateSchedule'];
const passRole = ['iam:PassRole'];

/** The permissions of each command. A test compares this table with the one in docs/schedules.md. */
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

type PermittedCommand = keyof typeof permissions;

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
