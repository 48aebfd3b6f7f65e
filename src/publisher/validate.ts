import type { AnyJob } from '../job/defineJob.ts';
import { InvalidPayloadError } from '../job/errors.ts';
import { textOf } from '../job/given.ts';
import { validPayload } from '../job/validPayload.ts';
import { PublishError } from './errors.ts';

/**
 * Validates a message's body with the job's schema as the consumer will: the JSON as it arrives, not the object it
 * was made of. What the schema makes of it (defaults, coercions) stays with the consumer.
 * @throws {InvalidPayloadError}
 * @throws {PublishError} when the schema itself throws
 */
export async function validateBody(jobName: string, schema: AnyJob['payload'], body: string): Promise<void> {
  if (schema === undefined) return;
  try {
    await validPayload(schema, JSON.parse(body), jobName);
  } catch (cause) {
    if (cause instanceof InvalidPayloadError) throw cause;
    const advice = `the schema of ${jobName} threw: ${textOf(cause)}. Mend it in its job file`;
    throw new PublishError(jobName, advice, { cause });
  }
}
