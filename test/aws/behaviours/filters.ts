import assert from 'node:assert/strict';
import { SetSubscriptionAttributesCommand } from '@aws-sdk/client-sns';
import type { Aws } from './aws.ts';
import { issues, recorded, refused, rowsOf, verified } from './behaviour.ts';

const { rows, met, unmet } = rowsOf('sns', issues.engine);

export { rows as filters };

const dg = 'https://docs.aws.amazon.com/sns/latest/dg';
const strings = `${dg}/string-value-matching.html`;
const numbers = `${dg}/numeric-value-matching.html`;
const keys = `${dg}/attribute-key-matching.html`;
const logic = `${dg}/and-or-logic.html`;
const payloads = `${dg}/sns-message-filtering-scope.html`;
const table = "recorded on AWS: the table of LocalStack's filter tests";

type Attribute = { DataType: string; StringValue: string };
const s = (StringValue: string): Attribute => ({ DataType: 'String', StringValue });
const n = (value: number): Attribute => ({ DataType: 'Number', StringValue: String(value) });
const a = (...values: unknown[]): Attribute => ({
  DataType: 'String.Array',
  StringValue: JSON.stringify(values),
});

interface Trial {
  readonly policy: object;
  readonly attributes?: Record<string, Attribute>;
  /** With it, the policy looks into the body. */
  readonly body?: unknown;
  readonly matches: boolean;
}

/** A message that every policy takes comes after the one that is tried: so nobody waits for what does not come. */
async function tryPolicy(aws: Aws, { policy, attributes = {}, body, matches }: Trial): Promise<void> {
  const topic = await aws.topic();
  const { queue } = await aws.subscribed(topic, {
    RawMessageDelivery: 'true',
    FilterPolicy: JSON.stringify(policy),
    ...(body !== undefined && { FilterPolicyScope: 'MessageBody' }),
  });
  const message = body === undefined ? 'tried' : JSON.stringify(body);
  await aws.publish(topic, message, { MessageAttributes: attributes });
  const got = await aws.receive(queue, { WaitTimeSeconds: matches ? 5 : 1 });
  assert.equal(got.length === 1, matches, matches ? 'It is not delivered.' : 'It is delivered.');
}

const row = (add: typeof met, source: string) => (name: string, trial: Trial) =>
  add(`A filter policy: ${name}`, source, (aws) => tryPolicy(aws, trial));

const text = row(met, strings);
text('a string matches when it is equal', { policy: { k: ['v'] }, attributes: { k: s('v') }, matches: true });
text('a string does not match another', { policy: { k: ['v'] }, attributes: { k: s('w') }, matches: false });
text('a string is compared with its case', {
  policy: { k: ['v'] },
  attributes: { k: s('V') },
  matches: false,
});
text('one of several strings is enough', {
  policy: { k: ['u', 'v'] },
  attributes: { k: s('v') },
  matches: true,
});
text('prefix', { policy: { k: [{ prefix: 'ab' }] }, attributes: { k: s('abc') }, matches: true });
text('prefix of another', { policy: { k: [{ prefix: 'ab' }] }, attributes: { k: s('bab') }, matches: false });
text('suffix', { policy: { k: [{ suffix: 'bc' }] }, attributes: { k: s('abc') }, matches: true });
text('suffix of another', { policy: { k: [{ suffix: 'bc' }] }, attributes: { k: s('bcd') }, matches: false });
text('anything-but of another', {
  policy: { k: [{ 'anything-but': ['v', 'w'] }] },
  attributes: { k: s('x') },
  matches: true,
});
text('anything-but of the same', {
  policy: { k: [{ 'anything-but': ['v', 'w'] }] },
  attributes: { k: s('w') },
  matches: false,
});
text('anything-but without the attribute', {
  policy: { k: [{ 'anything-but': ['v'] }] },
  attributes: { j: s('w') },
  matches: false,
});
text('anything-but a prefix', {
  policy: { k: [{ 'anything-but': { prefix: 'a' } }] },
  attributes: { k: s('bc') },
  matches: true,
});
text('anything-but a prefix that is there', {
  policy: { k: [{ 'anything-but': { prefix: 'a' } }] },
  attributes: { k: s('ab') },
  matches: false,
});
text('equals-ignore-case', {
  policy: { k: [{ 'equals-ignore-case': 'Ab' }] },
  attributes: { k: s('aB') },
  matches: true,
});
text('equals-ignore-case of another', {
  policy: { k: [{ 'equals-ignore-case': 'Ab' }] },
  attributes: { k: s('b') },
  matches: false,
});
text('cidr', { policy: { k: [{ cidr: '10.0.0.0/24' }] }, attributes: { k: s('10.0.0.255') }, matches: true });
text('cidr of another network', {
  policy: { k: [{ cidr: '10.0.0.0/24' }] },
  attributes: { k: s('10.0.1.0') },
  matches: false,
});

const number = row(met, numbers);
number('a number matches when it is equal', {
  policy: { k: [{ numeric: ['=', 7] }] },
  attributes: { k: n(7) },
  matches: true,
});
number('a number does not match another', {
  policy: { k: [{ numeric: ['=', 7] }] },
  attributes: { k: n(8) },
  matches: false,
});
number('a number in a range', {
  policy: { k: [{ numeric: ['>', 0, '<=', 5] }] },
  attributes: { k: n(5) },
  matches: true,
});
number('a number at the open end of a range', {
  policy: { k: [{ numeric: ['>', 0, '<=', 5] }] },
  attributes: { k: n(0) },
  matches: false,
});
number('a bare number', { policy: { k: [7] }, attributes: { k: n(7) }, matches: true });
const verifiedNumber = row(unmet, verified);
verifiedNumber('a bare number does not match a String', {
  policy: { k: [99] },
  attributes: { k: s('99') },
  matches: false,
});
verifiedNumber('numeric does not match a String', {
  policy: { k: [{ numeric: ['=', 99] }] },
  attributes: { k: s('99') },
  matches: false,
});

const key = row(met, keys);
key('exists', { policy: { k: [{ exists: true }] }, attributes: { k: s('v') }, matches: true });
key('exists without the attribute', {
  policy: { k: [{ exists: true }] },
  attributes: { j: s('v') },
  matches: false,
});
key('exists false without the attribute', {
  policy: { k: [{ exists: false }] },
  attributes: { j: s('v') },
  matches: true,
});
key('exists false with the attribute', {
  policy: { k: [{ exists: false }] },
  attributes: { k: s('v') },
  matches: false,
});

const both = row(met, logic);
both('all keys are asked for', {
  policy: { k: ['v'], j: ['w'] },
  attributes: { k: s('v'), j: s('w') },
  matches: true,
});
both('a key is missing', { policy: { k: ['v'], j: ['w'] }, attributes: { k: s('v') }, matches: false });
both('a message without attributes', { policy: { k: ['v'] }, attributes: {}, matches: false });
both('$or of keys', {
  policy: { $or: [{ k: ['v'] }, { j: ['w'] }] },
  attributes: { j: s('w') },
  matches: true,
});
both('$or of keys that are not there', {
  policy: { $or: [{ k: ['v'] }, { j: ['w'] }] },
  attributes: { i: s('w') },
  matches: false,
});
row(unmet, table)('$or in a group of $or', {
  policy: { $or: [{ k: ['v'] }, { i: ['u'], $or: [{ j: ['w'] }, { h: ['t'] }] }] },
  attributes: { i: s('u'), j: s('w') },
  matches: true,
});

const array = row(unmet, recorded);
array('any element of a String.Array matches', {
  policy: { k: ['v'] },
  attributes: { k: a('u', 'v') },
  matches: true,
});
array('prefix of any element', {
  policy: { k: [{ prefix: 'v' }] },
  attributes: { k: a('u', 'vw') },
  matches: true,
});
array('number in a String.Array', { policy: { k: [7] }, attributes: { k: a('u', 7) }, matches: true });
array('boolean in a String.Array', { policy: { k: [true] }, attributes: { k: a(true) }, matches: true });
row(met, recorded)('no element of a String.Array matches', {
  policy: { k: ['v'] },
  attributes: { k: a('u', 'w') },
  matches: false,
});
row(unmet, recorded)('null does not match a missing attribute', {
  policy: { k: [null, 'v'] },
  attributes: { j: s('w') },
  matches: false,
});

const inBody = row(met, payloads);
inBody('a member of the body', { policy: { k: ['v'] }, body: { k: 'v' }, matches: true });
inBody('another member of the body', { policy: { k: ['v'] }, body: { k: 'w' }, matches: false });
inBody('a nested member', {
  policy: { order: { state: ['paid'] } },
  body: { order: { state: 'paid' } },
  matches: true,
});
inBody('a number in the body', { policy: { k: [7] }, body: { k: 7 }, matches: true });
row(unmet, verified)('a number as text in the body', {
  policy: { k: [7] },
  body: { k: '7' },
  matches: false,
});
inBody('true in the body', { policy: { k: [true] }, body: { k: true }, matches: true });
inBody('a body that is no object', { policy: { k: ['v'] }, body: 'v', matches: false });
const arrays = row(unmet, recorded);
arrays('any element of an array in the body', {
  policy: { k: ['v'] },
  body: { k: ['u', 'v'] },
  matches: true,
});
arrays('a member of any object in an array', {
  policy: { k: { j: ['v'] } },
  body: { k: [{ j: 'u' }, { j: 'v' }] },
  matches: true,
});
arrays('$or below a key of the body', {
  policy: { k: { $or: [{ i: ['u'] }, { j: ['v'] }] } },
  body: { k: { j: 'v' } },
  matches: true,
});

/** Whether a policy is taken, both by Subscribe and when it is set later. */
const check =
  (add: typeof met, source: string) =>
  (name: string, policy: unknown, scope = 'MessageAttributes') =>
    add(`A filter policy is refused: ${name}`, source, async (aws) => {
      const FilterPolicy = typeof policy === 'string' ? policy : JSON.stringify(policy);
      const topic = await aws.topic();
      await refused(aws.subscribed(topic, { FilterPolicy, FilterPolicyScope: scope }), 'InvalidParameter');
      const { subscriptionArn: SubscriptionArn } = await aws.subscribed(topic, { FilterPolicyScope: scope });
      const set = new SetSubscriptionAttributesCommand({
        SubscriptionArn,
        AttributeName: 'FilterPolicy',
        AttributeValue: FilterPolicy,
      });
      await refused(aws.sns.send(set), 'InvalidParameter');
    });
const wrong = check(unmet, recorded);
wrong('text that is no JSON', 'none');
wrong('a value that is no array', { k: 'v' });
wrong('an array in an array', { k: [['v']] });
wrong('an operator that SNS does not know', { k: [{ suffixes: 'v' }] });
wrong('two operators at once', { k: [{ prefix: 'a', suffix: 'b' }] });
wrong('a prefix that is no string', { k: [{ prefix: 7 }] });
wrong('exists that is no boolean', { k: [{ exists: 'yes' }] });
wrong('numeric with an operator alone', { k: [{ numeric: ['='] }] });
wrong('a network that is none', { k: [{ cidr: 'everywhere' }] });
wrong('a nested key among attributes', { k: { j: ['v'] } });
check(met, `${dg}/subscription-filter-policy-constraints.html`)(
  'six keys',
  Object.fromEntries('abcdef'.split('').map((name) => [name, ['v']])),
);
check(met, `${dg}/subscription-filter-policy-constraints.html`)('more than 150 combinations', {
  a: Array.from({ length: 13 }, (_, index) => `v${index}`),
  b: Array.from({ length: 12 }, (_, index) => `v${index}`),
});
