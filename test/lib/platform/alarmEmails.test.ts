import { expect, test } from '@jest/globals';
import { alarmEmails } from '../../../lib/platform/app.ts';
import { SynthError } from '../../../lib/platform/synthError.ts';

test.each([
  ['', []],
  ['a@x.com', ['a@x.com']],
  [' a@x.com , b@y.co.uk,', ['a@x.com', 'b@y.co.uk']],
  ['a@x.com,A@X.com,a@x.com', ['a@x.com']],
  ["o'hara+jobs@mail.x-y.com", ["o'hara+jobs@mail.x-y.com"]],
])('%j', (list, addresses) => {
  expect(alarmEmails(list).map((address) => address.toLowerCase())).toEqual(addresses);
});

test.each(['a', 'a@b', 'a b@x.com', 'a@x.com;b@y.com', '@x.com', 'a/b@x.com', 'a@x..com'])(
  '%j is refused',
  (list) => {
    expect(() => alarmEmails(list)).toThrow(SynthError);
    expect(() => alarmEmails(`ok@x.com,${list}`)).toThrow(`'${list}' in the alarm e-mail addresses`);
  },
);
