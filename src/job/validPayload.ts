import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidPayloadError } from './errors.ts';

/**
 * The schema's output for a payload; asynchronous schemas are awaited.
 * @throws {InvalidPayloadError} with every issue the schema has with it
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

/** zod/mini says `Invalid input` unless a locale is loaded, which costs bytes; what it expected stands beside that. */
function messageOf({ message, expected }: StandardSchemaV1.Issue & { readonly expected?: unknown }): string {
  return expected && !message.includes(String(expected)) ? `${message}, expected ${expected}` : message;
}

function keyOf(segment: PropertyKey | StandardSchemaV1.PathSegment): PropertyKey {
  return typeof segment === 'object' ? segment.key : segment;
}
