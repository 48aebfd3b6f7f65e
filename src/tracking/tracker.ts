import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { JobContext } from '../job/context.ts';
import type { Tracker } from '../runtime/tracker.ts';
import { type Clock, systemClock } from './clock.ts';
import { DynamoTrackerRun } from './run.ts';
import { openStatusTable } from './table.ts';

export interface DynamoTrackerOptions {
  /** @default `JOB_STATUS_TABLE` */
  readonly tableName?: string | undefined;
  readonly client?: DynamoDBClient | undefined;
  readonly clock?: Clock;
}

/**
 * Records a job's states in the platform's status table, and its large results in the files bucket. Only the bundle of a
 * job that tracks contains this module. Reads `JOB_STATUS_TABLE` and `JOB_FILES_BUCKET`, which the stack sets.
 */
export function dynamoTracker(
  jobName: string,
  { tableName = process.env.JOB_STATUS_TABLE ?? '', client, clock = systemClock }: DynamoTrackerOptions = {},
): Tracker {
  const parts = { jobName, table: openStatusTable({ tableName, client, now: clock.now }), clock };
  const runs = new WeakMap<JobContext, DynamoTrackerRun>();
  return {
    attempt(run, surroundings) {
      const tracked = new DynamoTrackerRun(run, surroundings, parts);
      runs.set(run.context, tracked);
      return tracked.attempt();
    },

    async settled(ended, kept, refused) {
      const settling = ended.map(({ context, message, outcome }) => {
        const { messageId } = message.record;
        const isDelayed = refused?.has(messageId) !== true;
        return runs.get(context)?.settled(outcome, { isKept: kept.includes(messageId), isDelayed });
      });
      await Promise.all(settling);
    },

    async left(ended) {
      await Promise.all(ended.map(({ context }) => runs.get(context)?.left()));
    },
  };
}
