import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NotSerializableError } from '../../../src/publisher/index.ts';
import { serializePayload } from '../../../src/publisher/serialize.ts';

const serialize = (payload: unknown) => serializePayload('AnyJob', payload);

function errorOf(payload: unknown): NotSerializableError {
  try {
    serialize(payload);
  } catch (error) {
    if (error instanceof NotSerializableError) return error;
  }
  throw new Error('the payload was serialised');
}

describe('what JSON can carry', () => {
  test('comes back as it went, noncharacters and lone surrogates included', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = serialize(value);
        expect(text).not.toMatch(/[\uFFFE\uFFFF]|\p{Surrogate}/u);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('includes what JSON makes of it by agreement: dates, absent properties, shared parts, class instances', () => {
    const shared = { a: 1 };
    class Point {
      x = 1;
    }
    class Empty {}
    const payload = {
      at: new Date(0),
      absent: undefined,
      one: shared,
      two: [shared, shared],
      point: new Point(),
      empty: new Empty(),
      bare: Object.create(null),
      boxed: [Object(7), Object('x'), Object(false)],
      link: new URL('https://a.example/'),
    };
    expect(serialize(payload)).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","one":{"a":1},"two":[{"a":1},{"a":1}],"point":{"x":1},"empty":{},"bare":{},' +
        '"boxed":[7,"x",false],"link":"https://a.example/"}',
    );
  });

  test.each([
    [null, 'null'],
    ['', '""'],
    [0, '0'],
    [false, 'false'],
    [[], '[]'],
    [{}, '{}'],
  ])('includes %j as a whole payload', (payload, text) => {
    expect(serialize(payload)).toBe(text);
  });
});

describe('what JSON cannot carry', () => {
  const culprits = fc.constantFrom<unknown>(
    1n, Number.NaN, Number.POSITIVE_INFINITY, Symbol('s'), () => 1, new Map([[1, 2]]), new Set([1]),
    Promise.resolve(1), /x/, new ArrayBuffer(1), new Error('e'), new Date(Number.NaN),
    new Number(Number.NaN), Object(1n), Object(Symbol('s')), new Blob(['x']), new Headers({ a: 'b' }), new FormData(),
    new URLSearchParams('a=b'), new WeakRef({}), new DataView(new ArrayBuffer(1)), new SharedArrayBuffer(1),
    new Uint8Array(), new Map().values(), new Intl.NumberFormat('de'),
  ); // biome-ignore format: a list to read across

  /** A JSON value with one spoilt leaf, and the path that leads there. */
  const spoilt = fc
    .tuple(fc.array(fc.oneof(fc.string(), fc.nat(5)), { maxLength: 5 }), culprits, fc.jsonValue())
    .map(([path, culprit, neighbour]) => ({
      path: path.map(String),
      payload: path.reduceRight<unknown>(
        (inner, key) =>
          typeof key === 'number'
            ? [...Array(key).fill(neighbour), inner]
            : Object.fromEntries([
                ['neighbour', neighbour],
                [key, inner],
              ]),
        culprit,
      ),
    }))
    .filter(({ path }) => !path.includes('neighbour') && !path.includes('toJSON'));

  test('is an error that names its path, wherever it is', () => {
    fc.assert(
      fc.property(spoilt, ({ path, payload }) => {
        expect(errorOf(payload).path).toEqual(path);
      }),
    );
  });

  test.each<[unknown, string]>([
    [undefined, 'payload is undefined: publish null where there is nothing to say'],
    [{ list: [1, undefined] }, 'payload.list.1 is undefined, which JSON turns into null'],
    [Array(1), 'payload.0 is undefined, which JSON turns into null'],
    [{ age: 12n }, 'payload.age is a BigInt: write it as a string'],
    [{ user: Promise.resolve() }, 'payload.user is a Promise, which JSON turns into {}: await it'],
    [{ file: new Blob([]) }, 'payload.file is a Blob, which JSON turns into {}: turn it into a plain object'],
    [{ age: Object(Number.NaN) }, 'payload.age is NaN, which JSON turns into null'],
    [{ a: { toJSON: () => Number.NaN } }, 'payload.a is NaN, which JSON turns into null'],
    [{ toJSON: () => undefined }, 'payload is undefined'],
  ])('is explained: %#', (payload, problem) => {
    expect(errorOf(payload).message).toContain(`the payload for AnyJob is not JSON: ${problem}`);
  });

  test('includes cycles, of objects and of arrays', () => {
    const parent: Record<string, unknown> = { children: [{ name: 'x' }, {}] };
    (parent.children as Record<string, unknown>[])[1] = { parent };
    expect(errorOf(parent)).toMatchObject({ path: ['children', '1', 'parent'] });
    const list: unknown[] = [];
    list.push(list);
    expect(errorOf(list).message).toContain('payload.0 is a cycle');
  });

  test('includes what cannot be read: a getter that throws, nesting without end', () => {
    const cause = new Error('no');
    const failing = { get value(): never { throw cause; } }; // biome-ignore format: short
    expect(errorOf(failing)).toMatchObject({ jobName: 'AnyJob', cause });
    let deep: unknown = 1;
    for (let depth = 0; depth < 50_000; depth += 1) deep = [deep];
    expect(errorOf(deep).message).toContain('cannot be read: RangeError');
  });
});
