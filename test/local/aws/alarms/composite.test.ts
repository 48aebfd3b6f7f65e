import { expect, test } from '@jest/globals';
import { alarmsOfRule, parseCompositeRule, ruleHolds } from '../../../../local/aws/alarms/compositeRule.ts';

const states = { up: 'ALARM', fine: 'OK', new: 'INSUFFICIENT_DATA' } as const;
const stateOf = (name: string) => states[name as keyof typeof states];

test.each([
  ['ALARM("up")', true],
  ['ALARM(up)', true],
  ['ALARM("arn:aws:cloudwatch:us-east-1:000000000000:alarm:up")', true],
  ['OK("fine")', true],
  ['INSUFFICIENT_DATA(new)', true],
  ['NOT ALARM("up")', false],
  ['NOT NOT ALARM("up")', true],
  ['ALARM("up") AND ALARM("fine")', false],
  ['ALARM("up") OR ALARM("fine") AND FALSE', true],
  ['(ALARM("up") OR ALARM("fine")) AND FALSE', false],
  ['NOT ALARM("fine") AND TRUE', true],
  ['NOT (ALARM("up") OR TRUE)', false],
  ['((ALARM("up")))', true],
])('%s is %s', (rule, expected) => expect(ruleHolds(parseCompositeRule(rule), stateOf)).toBe(expected));

test('names its alarms once each', () => {
  expect(alarmsOfRule(parseCompositeRule('ALARM("a b") AND (OK(c) OR NOT ALARM("a b"))'))).toEqual([
    'a b',
    'c',
  ]);
});

test.each([
  ['', /expected ALARM.*got the end/],
  ['ALARM("up"', /expected \), got the end/],
  ['ALARM("up") ALARM("fine")', /expected the end, got ALARM/],
  ['MAYBE("up")', /got MAYBE/],
  ['(TRUE', /expected \)/],
])('refuses %j', (rule, message) => expect(() => parseCompositeRule(rule)).toThrow(message));
