import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidPayloadError } from './errors.ts';

/**
 * Checks a payload by a schema, which may be asynchronous.
 * @returns the schema's output
 * @throws {InvalidPayloadError} with every issue that the schema found
 */
export async function validPayload(
  schema: StandardSchemaV1,
  payload: unknown,
  jobName: string,
): Promise<unknown> {
  const result = await schema['~standard'].validate(payload);
  if (!result.issues) return result.value;
  throw new InvalidPayloadError(
    jobName,
    result.issues.map((issue) => ({ message: messageOf(issue), path: (issue.path ?? []).map(keyOf) })),
  );
}

/** zod/mini only says `Invalid input`, because a locale would cost bytes. What it expected is a property of the issue. */
function messageOf({ message, expected }: StandardSchemaV1.Issue & { readonly expected?: unknown }): string {
  return expected && !message.includes(String(expected)) ? `${message}, expected ${expected}` : message;
}

function keyOf(segment: PropertyKey | StandardSchemaV1.PathSegment): PropertyKey {
  return typeof segment === 'object' ? segment.key : segment;
}
