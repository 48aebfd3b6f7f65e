// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what Fn::Sub takes
import { describe, expect, test } from '@jest/globals';
import {
  conditionHolds,
  IntrinsicError,
  resolveIntrinsics,
  type Scope,
} from '../../../../local/aws/assembly/intrinsics.ts';
import type { Template } from '../../../../local/aws/assembly/template.ts';

const template: Template = {
  Parameters: {
    Stage: { Type: 'String', Default: 'dev' },
    Count: { Type: 'Number', Default: 3 },
    Zones: { Type: 'CommaDelimitedList', Default: 'a,b' },
    Missing: { Type: 'String' },
    BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/x/version' },
    TopicArn: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/jobs/topicArn' },
  },
  Conditions: {
    IsDev: { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] },
    IsProd: { 'Fn::Not': [{ Condition: 'IsDev' }] },
    Both: { 'Fn::And': [{ Condition: 'IsDev' }, { Condition: 'IsProd' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsDev' }, { Condition: 'IsProd' }] },
  },
};

const scope: Scope = {
  stackName: 'jobs',
  template,
  region: 'eu-west-1',
  accountId: '000000000000',
  ref: (logicalId) => ({ Queue: 'http://127.0.0.1:1/000000000000/queue' })[logicalId],
  attribute: (logicalId, attribute) =>
    logicalId === 'Queue' && attribute === 'Arn' ? 'arn:queue' : undefined,
  exportedValue: (name) => (name === 'Shared' ? 'exported' : undefined),
  stackOutput: (stack, output) => (stack === 'other' && output === 'Out' ? 'from other' : undefined),
  ssmParameter: (name) => (name === '/jobs/topicArn' ? 'arn:topic' : undefined),
};

const resolve = (value: unknown) => resolveIntrinsics(value, scope, 'Here');

describe('resolves', () => {
  test.each<[string, unknown, unknown]>([
    ['Ref of a resource', { Ref: 'Queue' }, 'http://127.0.0.1:1/000000000000/queue'],
    ['Ref of a parameter', { Ref: 'Stage' }, 'dev'],
    ['Ref of a number parameter', { Ref: 'Count' }, '3'],
    ['Ref of a list parameter', { Ref: 'Zones' }, ['a', 'b']],
    ['Ref of an SSM parameter the assembly creates', { Ref: 'TopicArn' }, 'arn:topic'],
    [
      'pseudo parameters',
      [{ Ref: 'AWS::Region' }, { Ref: 'AWS::AccountId' }, { Ref: 'AWS::Partition' }],
      ['eu-west-1', '000000000000', 'aws'],
    ],
    [
      'AWS::NoValue drops properties and entries',
      { a: 1, b: { Ref: 'AWS::NoValue' }, c: [{ Ref: 'AWS::NoValue' }, 2] },
      { a: 1, c: [2] },
    ],
    ['GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:queue'],
    ['GetAtt with a dot', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:queue'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 3]] }, 'a-dev-3'],
    [
      'Sub',
      { 'Fn::Sub': '${Queue.Arn}/${Stage}/${AWS::Region}/${!literal}' },
      'arn:queue/dev/eu-west-1/${literal}',
    ],
    [
      'Sub with variables',
      { 'Fn::Sub': ['${x}-${Stage}', { x: { 'Fn::GetAtt': ['Queue', 'Arn'] } }] },
      'arn:queue-dev',
    ],
    ['Select of Split', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['If', { 'Fn::If': ['IsProd', 'yes', { Ref: 'Stage' }] }, 'dev'],
    ['ImportValue', { 'Fn::ImportValue': 'Shared' }, 'exported'],
    ['GetStackOutput', { 'Fn::GetStackOutput': { StackName: 'other', OutputName: 'Out' } }, 'from other'],
    ['what only looks like one', { Ref: 'Queue', other: 1 }, { Ref: 'Queue', other: 1 }],
    [
      'a property called Condition',
      { Condition: { StringEquals: { a: 'b' } } },
      { Condition: { StringEquals: { a: 'b' } } },
    ],
  ])('%s', (_name, value, expected) => expect(resolve(value)).toEqual(expected));

  test.each([
    ['IsDev', true],
    ['IsProd', false],
    ['Both', false],
    ['Either', true],
  ])('condition %s', (name, holds) => {
    expect(conditionHolds(name, scope, 'Here')).toBe(holds);
  });
});

describe('refuses, naming the logical ID and the intrinsic', () => {
  test.each<[string, unknown, RegExp]>([
    ['an unknown intrinsic', { a: [{ 'Fn::Cidr': ['x', 1] }] }, /^Here: Fn::Cidr is not supported/],
    ['an unknown resource', { Ref: 'Nobody' }, /^Here: Ref: .*Nobody/],
    ['an unknown attribute', { 'Fn::GetAtt': ['Queue', 'Colour'] }, /^Here: Fn::GetAtt: Queue\.Colour/],
    ['a parameter without default', { Ref: 'Missing' }, /^Here: Ref: parameter Missing has no default/],
    [
      'an SSM parameter from elsewhere',
      { Ref: 'BootstrapVersion' },
      /^Here: Ref: parameter BootstrapVersion is the SSM parameter/,
    ],
    ['an unknown export', { 'Fn::ImportValue': 'Nope' }, /^Here: Fn::ImportValue: .*Nope/],
    ['a dynamic reference', 'x{{resolve:ssm:/a}}', /^Here: the dynamic reference \{\{resolve:ssm:\/a\}\}/],
    ['an unknown condition', { 'Fn::If': ['Nope', 1, 2] }, /^Here: the template has no condition Nope/],
    ['a selection out of range', { 'Fn::Select': [5, ['a']] }, /^Here: Fn::Select of item 5 of 1/],
    ['a join of no list', { 'Fn::Join': ['-', 'abc'] }, /^Here: Fn::Join needs a list/],
  ])('%s', (_name, value, message) => {
    expect(() => resolve(value)).toThrow(IntrinsicError);
    expect(() => resolve(value)).toThrow(message);
  });
});
