import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { JobState, JobStatus } from '../job/jobStatus.ts';
import { statusIndex } from './defaults.ts';
import { listedAttributes, listKeyOf, type StatusItem, statusOf } from './item.ts';
import type { StatusTable } from './table.ts';

/** Which jobs to list. */
export interface ListQuery {
  readonly jobName: string;
  /** Lists this owner's jobs. Without it, jobs without an owner are listed. */
  readonly owner?: string;
  readonly state?: JobState;
  /** At most this many, 1 to 100. @default 20 */
  readonly limit?: number;
  /** The cursor of the page before. */
  readonly cursor?: string;
}

/** A page of jobs. */
export interface Listing {
  /** The jobs, the newest first, without their results. */
  readonly jobs: JobStatus[];
  /** Present when there may be more jobs. */
  readonly cursor?: string;
}

/**
 * Lists jobs by their age. A listing of one state has to read the jobs of all states. After ten pages it returns what
 * it has found, and a cursor.
 * @throws {InvalidCursorError}
 */
export async function list(
  table: StatusTable,
  { jobName, owner, state, limit = 20, cursor }: ListQuery,
  now: () => number,
): Promise<Listing> {
  const listKey = listKeyOf(jobName, owner);
  const jobs: JobStatus[] = [];
  let after = cursor === undefined ? undefined : placeOf(cursor);
  for (let page = 1; page <= maxPages; page++) {
    // One job more than is wanted tells whether there are more.
    const size = state === undefined ? Math.min(limit - jobs.length + 1, largestPage) : largestPage;
    const { places, hasMore } = await pageOf(table, listKey, after, size);
    const items = await itemsOf(table, places);
    for (const [index, place] of places.entries()) {
      after = place;
      const item = items.get(place.jobId);
      const status = item && statusOf(item, now());
      if (status === undefined || (state !== undefined && status.state !== state)) continue;
      jobs.push(status);
      const isLast = !hasMore && index === places.length - 1;
      if (jobs.length === limit) return isLast ? { jobs } : { jobs, cursor: cursorTo(place) };
    }
    if (!hasMore || after === undefined) return { jobs };
  }
  return { jobs, cursor: cursorTo(after as Place) };
}

const maxPages = 10;

/** The most items of a BatchGetItem. */
const largestPage = 100;

/** Reads a page of the index, which holds keys only, so that changes of a state do not touch it. */
async function pageOf(
  { client, name }: StatusTable,
  listKey: string,
  after: Place | undefined,
  Limit: number,
): Promise<{ places: Place[]; hasMore: boolean }> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: name,
      IndexName: statusIndex,
      KeyConditionExpression: 'listKey = :listKey',
      ExpressionAttributeValues: { ':listKey': listKey },
      ScanIndexForward: false,
      Limit,
      ExclusiveStartKey: after && { listKey, ...after },
    }),
  );
  return { places: Items as Place[], hasMore: LastEvaluatedKey !== undefined };
}

/** Reads the items of a page. It asks again for those that did not fit into 16 MB, or were throttled. */
async function itemsOf(
  { client, name }: StatusTable,
  places: readonly Place[],
): Promise<Map<string, StatusItem>> {
  const items = new Map<string, StatusItem>();
  let keys: Record<string, unknown>[] = places.map(({ jobId }) => ({ jobId }));
  for (let tries = 1; keys.length > 0; tries++) {
    const request = { [name]: { Keys: keys, ...listedProjection } };
    const { Responses, UnprocessedKeys } = await client.send(new BatchGetCommand({ RequestItems: request }));
    for (const item of (Responses?.[name] ?? []) as StatusItem[]) items.set(item.jobId, item);
    keys = UnprocessedKeys?.[name]?.Keys ?? [];
    if (keys.length > 0 && tries === maxTries)
      throw new Error('DynamoDB did not give all the jobs: it is throttling');
    if (keys.length > 0) await sleep(50 * 2 ** tries);
  }
  return items;
}

const maxTries = 5;

const listedProjection = {
  ProjectionExpression: listedAttributes.map((name) => `#${name}`).join(', '),
  ExpressionAttributeNames: Object.fromEntries(listedAttributes.map((name) => [`#${name}`, name])),
};

/** The item after which a listing goes on. */
type Place = Pick<StatusItem, 'jobId' | 'createdAt'>;

/** The cursor does not come from a listing. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';

  constructor(options?: ErrorOptions) {
    super('the cursor does not come from a listing: list from the beginning', options);
  }
}

/** A cursor for the caller. It does not name the index's partition, so nobody can list another owner's jobs with it. */
function cursorTo({ jobId, createdAt }: Place): string {
  return Buffer.from(JSON.stringify([jobId, createdAt])).toString('base64url');
}

/** @throws {InvalidCursorError} */
function placeOf(cursor: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (
      Array.isArray(place) &&
      place.length === 2 &&
      place.every((part) => typeof part === 'string' && part !== '')
    ) {
      return { jobId: place[0], createdAt: place[1] };
    }
  } catch (error) {
    throw new InvalidCursorError({ cause: error });
  }
  throw new InvalidCursorError();
}
