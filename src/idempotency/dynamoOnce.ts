import type { Idempotency } from '../job/idempotency.ts';
import type { Once } from '../runtime/once.ts';
import { keyedOnce } from './keyedOnce.ts';
import { type DynamoKeysOptions, dynamoKeys } from './keys.ts';

/**
 * Runs a job's messages once for each key. Only the bundle of a job that asks for it contains this module. Reads
 * `JOB_IDEMPOTENCY_TABLE`, which the stack sets.
 */
export function dynamoOnce(jobName: string, idempotency: Idempotency, options?: DynamoKeysOptions): Once {
  return keyedOnce(dynamoKeys(jobName, idempotency.for, options), idempotency);
}
