import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { type PlatformSchedules, platformSchedules } from '../../src/publisher/delay/platformSchedules.ts';
import { awsProblem } from '../awsProblem.ts';
import type { End } from '../outcome.ts';
import { withTarget } from '../session.ts';
import type { Target, TargetOptions } from '../target.ts';
import { needs, type PermittedCommand } from './permissions.ts';

/** A command at work on a platform's schedules. */
export interface Session {
  readonly target: Target;
  /** Their groups, by the topic's name. */
  readonly platform: PlatformSchedules;
  readonly scheduler: SchedulerClient;
}

/** Finds the platform and its schedules, and does the work, as `withTarget` does. */
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
