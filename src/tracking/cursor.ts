import type { StatusItem } from './item.ts';

/** Where a listing goes on: after this item. */
export type Place = Pick<StatusItem, 'jobId' | 'createdAt'>;

/** A cursor that no listing gave out. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';

  constructor(options?: ErrorOptions) {
    super('the cursor is none that a listing gave: list from the beginning', options);
  }
}

/** Opaque to whoever lists. It names no index partition, so that nobody lists another owner's jobs with it. */
export function cursorTo({ jobId, createdAt }: Place): string {
  return Buffer.from(JSON.stringify([jobId, createdAt])).toString('base64url');
}

/** @throws {InvalidCursorError} */
export function placeOf(cursor: string): Place {
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
