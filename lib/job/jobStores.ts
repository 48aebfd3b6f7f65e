import type { AnyJob } from '../../src/job/index.ts';
import type { FilesBucket } from '../platform/filesBucket.ts';
import type { IdempotencyTable } from '../platform/idempotencyTable.ts';
import type { StatusTable } from '../platform/statusTable.ts';

/** Where jobs keep what outlives a message. */
export interface JobStores {
  readonly filesBucket: FilesBucket;
  /** Where a job asks for idempotency. */
  readonly idempotencyTable: IdempotencyTable | undefined;
  /** Where a job tracks. */
  readonly statusTable: StatusTable | undefined;
}

/** Those of the platform's that one job uses. */
export function storesOf({ idempotency, track }: AnyJob, stores: JobStores): JobStores {
  return {
    filesBucket: stores.filesBucket,
    idempotencyTable: idempotency === undefined ? undefined : stores.idempotencyTable,
    statusTable: track === true ? stores.statusTable : undefined,
  };
}
