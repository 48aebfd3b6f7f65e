import { describe, expect, test } from '@jest/globals';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as z from 'zod';
import * as mini from 'zod/mini';
import { payloadSchemaOf } from '../../../lib/bundle/jobSchemas.ts';

const $schema = 'https://json-schema.org/draft/2020-12/schema';

test('without a payload schema there is none', async () => {
  expect(await payloadSchemaOf(undefined)).toBeUndefined();
});

describe.each([
  ['zod', () => z.object({ name: z.string().min(1), at: z.date(), size: z.bigint().optional() })],
  [
    'zod/mini',
    () =>
      mini.object({
        name: mini.string().check(mini.minLength(1)),
        at: mini.date(),
        size: mini.optional(mini.bigint()),
      }),
  ],
])('of %s', (_, schema) => {
  test('what it takes in; what JSON cannot hold is left to the job', async () => {
    expect(await payloadSchemaOf(schema())).toEqual({
      $schema,
      type: 'object',
      properties: { name: { type: 'string', minLength: 1 }, at: {}, size: {} },
      required: ['name', 'at'],
    });
  });
});

test('a default makes a property optional, and a transformation is seen from its front', async () => {
  const schema = z.object({
    copies: z.number().default(1),
    count: z.string().transform((text) => text.length),
  });
  expect(await payloadSchemaOf(schema)).toEqual({
    $schema,
    type: 'object',
    properties: { copies: { type: 'number', default: 1 }, count: { type: 'string' } },
    required: ['count'],
  });
});

test('a schema that contains itself', async () => {
  const tree = z.object({
    name: z.string(),
    get children() {
      return z.array(tree);
    },
  });
  expect(JSON.parse(JSON.stringify(await payloadSchemaOf(tree)))).toMatchObject({
    properties: { children: { type: 'array', items: { $ref: '#' } } },
  });
});

describe('of another library', () => {
  const standard = { version: 1, vendor: 'other', validate: (value: unknown) => ({ value }) } as const;

  test('its own Standard JSON Schema of what it takes in', async () => {
    const input = ({ target }: { target: string }) => ({ type: 'object', title: target });
    const output = () => ({ type: 'string' });
    const schema = { '~standard': { ...standard, jsonSchema: { input, output } } } as StandardSchemaV1;
    expect(await payloadSchemaOf(schema)).toEqual({ type: 'object', title: 'draft-2020-12' });
  });

  test('none, where it has none or cannot express the schema', async () => {
    const input = () => {
      throw new Error('cannot be expressed');
    };
    expect(await payloadSchemaOf({ '~standard': standard })).toBeUndefined();
    const throwing = { '~standard': { ...standard, jsonSchema: { input, output: input } } };
    expect(await payloadSchemaOf(throwing as StandardSchemaV1)).toBeUndefined();
  });

  test('none for zod 3, which zod 4 cannot read', async () => {
    expect(await payloadSchemaOf({ '~standard': { ...standard, vendor: 'zod' } })).toBeUndefined();
  });
});
