import { expect, test } from '@jest/globals';
import { explanation } from '../../../local/platform/commandEnd.ts';
import { PlatformRunningError } from '../../../local/platform/platformFile.ts';

test('what a person can act on is the message alone', () => {
  expect(explanation(new PlatformRunningError('stop it first'))).toBe('stop it first');
});

test.each([
  ['an error, with its stack', new TypeError('a bug'), /^TypeError: a bug\n +at /],
  ['an error, with its cause', new Error('outer', { cause: new Error('inner') }), /cause.*Error: inner/],
  ['an object', { code: 7 }, /^\{ code: 7 \}$/],
  ['nothing', undefined, /^undefined$/],
])('of anything else all is shown: %s', (_what, thrown, text) => {
  expect(explanation(thrown)).toMatch(text);
});
