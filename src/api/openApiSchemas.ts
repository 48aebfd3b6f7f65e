import * as z from 'zod/mini';
import type { ApiJob } from './apiJob.ts';
import { namedSchemas } from './schemas.ts';

/** A reference to a schema of the document. */
export function ref(name: string): object {
  return { $ref: `${schemaPath}${name}` };
}

const schemaPath = '#/components/schemas/';

/**
 * What the API itself takes and answers: with each other's names in place of copies; what is sent may get more members
 * one day.
 */
export function ownSchemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(namedSchemas)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `${schemaPath}${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, embedded(schema, '')]));
}

export function payloadName(jobName: string): string {
  return `${jobName}Payload`;
}

/** The name and the schema of a job's payload. */
export function payloadSchema({ name, payloadSchema: schema = {} }: ApiJob): [string, object] {
  return [payloadName(name), embedded(schema, `${schemaPath}${payloadName(name)}`)];
}

/** A schema as a part of the OpenAPI document: its references to its own parts start at the document's root. */
function embedded(schema: object, root: string): object {
  const { $schema: _, $id, ...rest } = schema as Record<string, unknown>;
  return moved(rest, root) as object;
}

function moved(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((one) => moved(one, root));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) =>
      key === '$ref' && typeof one === 'string' && one.startsWith('#') && !one.startsWith(schemaPath)
        ? [key, `${root}${one.slice(1)}`]
        : [key, moved(one, root)],
    ),
  );
}
