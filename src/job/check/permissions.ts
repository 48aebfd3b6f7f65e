import { isRecord, shown } from './given.ts';
import type { JobProblem } from './problems.ts';

/** What is wrong with the option `permissions`. */
export function permissionProblems({ permissions = [] }: Options): JobProblem[] {
  const bound = 'IAM statements { Effect?, Action, Resource, Condition? }';
  const advice = "write permissions: [{ Action: 's3:GetObject', Resource: 'arn:aws:s3:::my-bucket/*' }]";
  if (!Array.isArray(permissions))
    return [{ option: 'permissions', given: shown(permissions), bound, advice }];
  return permissions.flatMap((statement: unknown, index) =>
    isStatement(statement)
      ? []
      : [{ option: `permissions[${index}]`, given: shown(statement), bound, advice }],
  );
}

function isStatement(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { Effect = 'Allow', Action, Resource, Condition = {} } = value as Options;
  const isKnown = Object.keys(value).every((key) => statementKeys.has(key));
  const isEffect = Effect === 'Allow' || Effect === 'Deny';
  return (
    isKnown && isEffect && isEach(Action, isAction) && isEach(Resource, isResource) && isCondition(Condition)
  );
}

const statementKeys: ReadonlySet<string> = new Set(['Effect', 'Action', 'Resource', 'Condition']);

function isEach(value: unknown, isOne: (text: string) => boolean): boolean {
  const texts = Array.isArray(value) ? value : [value];
  return texts.length > 0 && texts.every((text) => typeof text === 'string' && isOne(text));
}

/** `s3:GetObject`, `s3:Get*` or `*` */
function isAction(text: string): boolean {
  return /^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/.test(text);
}

/** An ARN, with wildcards and `${AWS::…}` anywhere, or `*` */
function isResource(text: string): boolean {
  return text === '*' || /^arn:[^:]+:[^:]+(:[^:]*|::){2}/.test(text.replaceAll(/\$\{AWS::\w+\}/g, 'x'));
}

/** `{ StringEquals: { 'aws:SourceAccount': '…' } }` */
function isCondition(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every(isRecord);
}

type Options = Readonly<Record<string, unknown>>;
