import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { JobState, JobStatus } from '../job/jobStatus.ts';
import { statusIndex } from './defaults.ts';
import { listedAttributes, listKeyOf, type StatusItem, statusOf } from './item.ts';
import type { StatusTable } from './table.ts';

export interface ListQuery {
  readonly jobName: string;
  /** Only this owner's jobs. Without one those that have none. */
  readonly owner?: string;
  readonly state?: JobState;
  /** At most this many, 1 to 100. @default 20 */
  readonly limit?: number;
  /** Of the listing before. */
  readonly cursor?: string;
}

export interface Listing {
  /** The newest first, without their results. */
  readonly jobs: JobStatus[];
  /** There may be more. */
  readonly cursor?: string;
}

/**
 * Lists jobs by their age. A listing of one state reads all the states: it gives up after some pages, with fewer jobs
 * than it may and a cursor that goes on.
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
    // One more than is wanted tells whether there are more.
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

/** As many as BatchGetItem takes. */
const largestPage = 100;

/** The index holds keys only: a state's change does not touch it. */
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

/** What does not fit into its 16 MB, or is throttled, is asked for again. */
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

/** Where a listing goes on: after this item. */
type Place = Pick<StatusItem, 'jobId' | 'createdAt'>;

/** A cursor that no listing gave out. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';

  constructor(options?: ErrorOptions) {
    super('the cursor is none that a listing gave: list from the beginning', options);
  }
}

/** Opaque to the caller. It does not name the index partition, so nobody can list another owner's jobs with it. */
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
