import { describe, expect, test } from '@jest/globals';
import { maxMessageBytes } from '../../../src/message/limits.ts';
import {
  InvalidAttributeError,
  InvalidDelayError,
  InvalidGroupError,
  InvalidJobNameError,
  MessageTooLargeError,
  TooManyAttributesError,
} from '../../../src/publisher/index.ts';
import type { AnyItem } from '../../../src/publisher/item.ts';
import { toMessage } from '../../../src/publisher/message.ts';
import { topicArn } from './snsOf.ts';

const now = '2026-11-21T00:00:00.000Z';
const message = (options: Partial<AnyItem>, jobId = 'id') =>
  toMessage({ job: 'AnyJob', payload: {}, ...options }, jobId, now, { topicArn });

describe('size', () => {
  const attributes = { note: 'für' };
  const attributeText = `jobNameStringAnyJobjobIdStringidpublishedAtString${now}noteStringfür`;
  const room = maxMessageBytes - Buffer.byteLength(attributeText) - '""'.length;

  test('is the body and the names, types and values of the attributes', async () => {
    const { bytes } = await message({ payload: 'ü', attributes });
    expect(bytes).toBe(Buffer.byteLength(`${attributeText}"ü"`));
  });

  test('of exactly 262,144 bytes passes', async () => {
    expect(await message({ payload: 'x'.repeat(room), attributes })).toMatchObject({ bytes: 262_144 });
  });

  test('of one byte more does not, and says what to do', async () => {
    const making = message({ payload: 'x'.repeat(room + 1), attributes });
    await expect(making).rejects.toThrow(MessageTooLargeError);
    await expect(making).rejects.toMatchObject({ jobName: 'AnyJob', bytes: 262_145, maxBytes: 262_144 });
    await expect(making).rejects.toThrow(
      /262145 bytes; SNS takes 262144.*Give createPublisher a filesBucket/,
    );
  });

  test('counts bytes, not characters', async () => {
    await expect(message({ payload: 'ü'.repeat(room / 2 + 1), attributes })).rejects.toThrow(
      MessageTooLargeError,
    );
  });
});

describe('attributes', () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, 'x']));

  test('of one’s own may be 7, 10 in all', async () => {
    const { attributes } = await message({ attributes: many(7) });
    expect(Object.keys(attributes)).toHaveLength(10);
    await expect(message({ attributes: many(8) })).rejects.toThrow(TooManyAttributesError);
    await expect(message({ attributes: many(8) })).rejects.toThrow(/Give at most 7/);
  });

  test.each(['jobName', 'jobId', 'publishedAt'])('cannot be called %s', async (name) => {
    const making = message({ attributes: { [name]: 'x' } });
    await expect(making).rejects.toThrow(InvalidAttributeError);
    await expect(making).rejects.toMatchObject({ attribute: name, jobName: 'AnyJob' });
  });

  test.each(['', 'a b', 'ä', '.a', 'a.', 'a..b', 'AWS.x', 'aws.x', 'Amazon.x', 'a'.repeat(257), 'a\n'])(
    'cannot be called %j, as SNS says',
    async (name) => {
      await expect(message({ attributes: { [name]: 'x' } })).rejects.toThrow(InvalidAttributeError);
    },
  );

  test.each(['a', 'a.b-c_d.1', 'awsome', 'a'.repeat(256), 'traceparent', '__proto__'])(
    'can be called %s',
    async (name) => {
      const { attributes } = await message({ attributes: Object.fromEntries([[name, 'x']]) });
      expect(Object.hasOwn(attributes, name)).toBe(true);
    },
  );

  test.each([
    '',
    'a\u0000',
    '\u0008',
    '\u000B',
    '\u001F',
    '\uFFFE',
    'a\uFFFF',
    '\uD800',
    'a\uDC00b',
    7,
    null,
    undefined,
    ['x'],
  ])('cannot have the value %j', async (value) => {
    await expect(message({ attributes: { own: value as string } })).rejects.toThrow(InvalidAttributeError);
    await expect(message({}, (value ?? '') as string)).rejects.toMatchObject({ attribute: 'jobId' });
  });

  test.each(['\t\n\r', ' ', '\u007F', '\uFFFD', '😀', '\uE000'])('can have the value %j', async (value) => {
    const { attributes } = await message({ attributes: { own: value } });
    expect(attributes.own).toEqual({ DataType: 'String', StringValue: value });
  });

  test.each([
    [new Map([['own', 'x']]), 'a Map'],
    [new Headers({ own: 'x' }), 'a Headers'],
    [['x'], '["x"]'],
    ['x', '"x"'],
    [null, 'null'],
  ])('are an object of names and texts, not %p', async (attributes, what) => {
    await expect(message({ attributes: attributes as never })).rejects.toThrow(
      `attribute 'attributes' of the message for AnyJob must be an object of names and texts, was ${what}`,
    );
  });

  test.each([[1n], [() => 1], [Symbol('x')], [new Map()]])(
    'are refused for what has no JSON: %p',
    async (value) => {
      await expect(message({ attributes: { own: value as never } })).rejects.toThrow(InvalidAttributeError);
      await expect(message({ group: value as never })).rejects.toThrow(InvalidGroupError);
      await expect(message({ job: value as never })).rejects.toThrow(InvalidJobNameError);
      await expect(message({ at: value as never })).rejects.toThrow(InvalidDelayError);
    },
  );

  test('say which character is refused, and where', async () => {
    await expect(message({ attributes: { own: 'ab\u0007' } })).rejects.toThrow(
      "attribute 'own' of the message for AnyJob holds U+0007 at index 2, which SNS refuses: remove or encode it",
    );
  });
});

describe('group', () => {
  test.each(['a', 'A-Z_0.9', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', 'x'.repeat(128)])(
    'can be %s',
    async (group) => {
      expect(await message({ group })).toMatchObject({ group });
    },
  );

  test.each(['', 'two words', 'ä', 'x'.repeat(129), 'a\n', 7])('cannot be %j', async (group) => {
    await expect(message({ group: group as string })).rejects.toThrow(InvalidGroupError);
  });
});
