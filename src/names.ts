/** The names of a platform's schedules, which its stack gives and a publisher derives from the topic's ARN. */

/** Holds the recurring schedules of the job files. */
export function recurringGroupName(platform: string): string {
  return platform;
}

/** Holds the one-off schedules that delayed publishes make. */
export function onceGroupName(platform: string): string {
  return `${platform}-once`;
}

/** What Scheduler publishes as. Roles are the account's, so the Region is part of the name. */
export function schedulerRoleName(platform: string, region: string): string {
  return `${platform}-${region}-sched`;
}

/** Where Scheduler leaves what it could not publish. */
export function undeliveredQueueName(platform: string): string {
  return `${platform}-undelivered`;
}

/** Scheduler's longest name of a schedule, in characters: letters, digits, `-`, `_` and `.` */
export const maxScheduleNameLength = 64;
