import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { $ZodType } from 'zod/v4/core';

/**
 * The JSON Schema (2020-12) of the input that a payload's schema takes, before defaults and coercions. zod itself converts
 * schemas of zod and zod/mini; others convert themselves where they have Standard JSON Schema. What JSON Schema cannot
 * express, such as a refinement, is left out: the job checks the payload again.
 * @returns undefined without a schema, or for a schema that cannot be converted
 */
export async function payloadSchemaOf(payload: StandardSchemaV1 | undefined): Promise<object | undefined> {
  if (payload === undefined) return undefined;
  try {
    return isZod(payload) ? await zodSchema(payload) : standardSchema(payload);
  } catch {
    // A converter throws at what it cannot express. Then only the job checks the payload.
    return undefined;
  }
}

/** zod 3 has the same vendor, but not zod 4's `_zod`. */
function isZod(payload: StandardSchemaV1): payload is StandardSchemaV1 & $ZodType {
  return payload['~standard'].vendor === 'zod' && '_zod' in payload;
}

/** zod is loaded at the first call: most platforms have no API. */
async function zodSchema(payload: $ZodType): Promise<object> {
  const { toJSONSchema } = await import('zod/v4/core');
  return toJSONSchema(payload, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' });
}

/** @see https://standardschema.dev/json-schema */
function standardSchema(payload: StandardSchemaV1): object | undefined {
  const { jsonSchema } = payload['~standard'] as Partial<StandardJSONSchemaV1.Props>;
  return jsonSchema?.input({ target: 'draft-2020-12' });
}
