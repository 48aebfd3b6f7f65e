import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { $ZodType } from 'zod/v4/core';

/**
 * The JSON Schema (2020-12) of what a payload's schema takes in, before defaults and coercions: zod's by zod itself,
 * zod/mini's too, others' by their own Standard JSON Schema where they have it. What JSON Schema cannot say, such as a
 * refinement, is left out: the job checks the payload again.
 * @returns undefined where there is none, or none that can be told
 */
export async function payloadSchemaOf(payload: StandardSchemaV1 | undefined): Promise<object | undefined> {
  if (payload === undefined) return undefined;
  try {
    return isZod(payload) ? await zodSchema(payload) : standardSchema(payload);
  } catch {
    // A converter throws at what it cannot express; the job then is the only one that checks.
    return undefined;
  }
}

/** zod 3 has the same vendor, and none of the fourth's inside. */
function isZod(payload: StandardSchemaV1): payload is StandardSchemaV1 & $ZodType {
  return payload['~standard'].vendor === 'zod' && '_zod' in payload;
}

/** Loaded here and not before: most platforms have no API. */
async function zodSchema(payload: $ZodType): Promise<object> {
  const { toJSONSchema } = await import('zod/v4/core');
  return toJSONSchema(payload, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' });
}

/** @see https://standardschema.dev/json-schema */
function standardSchema(payload: StandardSchemaV1): object | undefined {
  const { jsonSchema } = payload['~standard'] as Partial<StandardJSONSchemaV1.Props>;
  return jsonSchema?.input({ target: 'draft-2020-12' });
}
