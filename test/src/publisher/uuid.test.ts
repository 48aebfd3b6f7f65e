import { expect, test } from '@jest/globals';
import { uuidv7Maker } from '../../../src/publisher/uuid.ts';

const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('a UUID carries version 7, the variant of RFC 9562 and the time in milliseconds', () => {
  const uuid = uuidv7Maker(() => 0x017f22e279b0)();
  expect(uuid).toMatch(shape);
  expect(uuid.startsWith('017f22e2-79b0-7')).toBe(true);
});

test('UUIDs of one maker sort in the order they were made, more than fit a millisecond and a clock set back included', () => {
  let nowMs = Date.UTC(2026, 10, 21);
  const make = uuidv7Maker(() => nowMs);
  const made = Array.from({ length: 20_000 }, (_, index) => {
    if (index === 10_000) nowMs -= 60_000;
    return make();
  });
  expect(made.every((uuid) => shape.test(uuid))).toBe(true);
  expect(new Set(made).size).toBe(made.length);
  expect([...made].sort()).toEqual(made);
});

test('UUIDs of two makers differ at the same instant', () => {
  const [one, two] = [uuidv7Maker(() => 1), uuidv7Maker(() => 1)];
  expect(one()).not.toBe(two());
});
