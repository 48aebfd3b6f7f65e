import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod/mini';
import { faultFinder, maxFaults } from '../../../src/api/payloadFaults.ts';

function faultsOf(schema: z.core.$ZodType, value: unknown): Record<string, string> {
  const faults = faultFinder(z.toJSONSchema(schema, { io: 'input' }))(value);
  return Object.fromEntries(faults.map(({ path, message }) => [path, message]));
}

const shape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('circle'), radius: z.number().check(z.positive()) }),
  z.object({ kind: z.literal('square'), side: z.number() }),
]);

const tree = z.object({
  name: z.string(),
  get children() {
    return z.array(tree);
  },
});

describe('a fault', () => {
  test.each([
    ['a bound', z.number().check(z.minimum(2), z.maximum(4)), 7, { '': 'must be at most 4' }],
    ['an exclusive bound', z.number().check(z.gt(2)), 2, { '': 'must be more than 2' }],
    ['a step', z.number().check(z.multipleOf(5)), 7, { '': 'must be a multiple of 5' }],
    ['a length', z.string().check(z.maxLength(2)), 'abc', { '': 'must have at most 2 characters, has 3' }],
    [
      'a number of items',
      z.array(z.any()).check(z.minLength(1)),
      [],
      { '': 'must have at least 1 items, has 0' },
    ],
    ['a format and its pattern', z.email(), 'hank', { '': 'must be of the format "email"' }],
    ['a pattern', z.string().check(z.regex(/^a/)), 'b', { '': 'does not match its pattern' }],
    ['a choice', z.enum(['a', 'b']), 'c', { '': 'must be one of "a","b"' }],
    ['a constant', z.literal('a'), 'c', { '': 'must be "a"' }],
    ['a type', z.nullable(z.string()), 3, { '': 'must be string or null, is number' }],
    [
      'a tuple',
      z.tuple([z.string()]),
      [1, 2],
      {
        '': 'must have at most 1 items, has 2',
        '/0': 'must be string, is number',
        '/1': 'is not known here: remove it',
      },
    ],
    [
      'an unknown member',
      z.strictObject({ a: z.any() }),
      { a: 1, b: 2 },
      { '/b': 'is not known here: remove it' },
    ],
    [
      'a name to escape',
      z.object({ 'a/b~%': z.number() }),
      { 'a/b~%': '' },
      { '/a~1b~0%': 'must be number, is string' },
    ],
    ['a missing name to escape', z.object({ 'a/b~%': z.number() }), {}, { '/a~1b~0%': 'is missing' }],
    ['a record', z.record(z.string(), z.number()), { x: '' }, { '/x': 'must be number, is string' }],
    [
      'a depth',
      tree,
      { name: 'a', children: [{ name: 'b', children: [{ children: [] }] }] },
      { '/children/0/children/0/name': 'is missing' },
    ],
    [
      'the member of a union that was meant',
      shape,
      { kind: 'circle', radius: -1 },
      { '/radius': 'must be more than 0' },
    ],
    [
      'no member of a union',
      shape,
      { kind: 'line' },
      { '': '/kind must be "circle", or /kind must be "square"' },
    ],
    [
      'a union of types',
      z.union([z.object({ a: z.string() }), z.array(z.string())]),
      [1],
      { '/0': 'must be string, is number' },
    ],
    [
      'another type than the union’s',
      z.union([z.object({ a: z.string() }), z.array(z.string())]),
      1,
      { '': 'must be object, is number, or must be array, is number' },
    ],
    [
      'a lone surrogate',
      z.record(z.string(), z.number()),
      { '\ud800': '' },
      { '': 'has a property whose name is not Unicode text (a lone surrogate)' },
    ],
  ])('of %s is told where it is, in words', (_what, schema, value, expected) => {
    expect(faultsOf(schema, value)).toEqual(expected);
  });

  test('is found in what is nested as deeply as nobody can check', () => {
    let value: object = { name: 'leaf', children: [] };
    for (let level = 0; level < 50_000; level += 1) value = { name: 'branch', children: [value] };
    expect(faultsOf(tree, value)).toEqual({ '': 'is nested too deeply' });
  });

  test('is one of a hundred at most', () => {
    const finder = faultFinder({ type: 'array', items: { type: 'string' } });
    expect(finder(Array.from({ length: 1000 }, (_, index) => index))).toHaveLength(maxFaults);
  });

  test('is found exactly where zod finds one, whatever the value', () => {
    const schema = z.object({
      name: z.string().check(z.minLength(1)),
      age: z.optional(z.int()),
      shape: z.nullable(shape),
      tags: z.array(z.enum(['a', 'b'])),
    });
    const find = faultFinder(z.toJSONSchema(schema, { io: 'input' }));
    const value = fc.record(
      {
        name: fc.oneof(fc.string(), fc.constant(3)),
        age: fc.oneof(fc.integer(), fc.constant(1.5), fc.constant(null)),
        shape: fc.oneof(
          fc.constant(null),
          fc.record({
            kind: fc.constantFrom('circle', 'square', 'line'),
            radius: fc.integer(),
            side: fc.jsonValue(),
          }),
        ),
        tags: fc.array(fc.constantFrom('a', 'b', 'c')),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(value, fc.jsonValue()), (given) => {
        const json = JSON.parse(JSON.stringify(given));
        expect(find(json).length === 0).toBe(z.safeParse(schema, json).success);
      }),
      { numRuns: 300 },
    );
  });
});
