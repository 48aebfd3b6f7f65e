import { isRecord } from '../job/check/given.ts';
import {
  type MessageAttribute,
  type MessageAttributes,
  maxAttributes,
  reservedNames,
} from '../message/limits.ts';
import { keywordStart } from '../message/scheduledPublish.ts';
import { InvalidAttributeError, TooManyAttributesError } from './errors.ts';
import { shown } from './shown.ts';

/**
 * A message's attributes, of the type String: a subscription's filter compares names with texts.
 * @throws {InvalidAttributeError | TooManyAttributesError}
 */
export function messageAttributes(
  reserved: Readonly<Record<(typeof reservedNames)[number], string>>,
  own: Readonly<Record<string, string>> = {},
): Record<string, MessageAttribute> {
  const { jobName } = reserved;
  // The entries of a Map or a Headers are not its keys, and would be lost in silence.
  if (!isRecord(own)) {
    throw new InvalidAttributeError(
      jobName,
      'attributes',
      `must be an object of names and texts, was ${shown(own)}`,
    );
  }
  const ownCount = Object.keys(own).length;
  const maxOwn = maxAttributes - reservedNames.length;
  if (ownCount > maxOwn) throw new TooManyAttributesError(jobName, ownCount, maxOwn);
  for (const name of Object.keys(own)) checkName(jobName, name);

  const entries = Object.entries({ ...reserved, ...own });
  for (const [name, value] of entries) checkValue(jobName, name, value);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  );
}

/**
 * Refuses attributes of a delayed job (its ID is one) that hold a keyword of Scheduler. They stand in a schedule's
 * input, in which Scheduler would replace the keyword.
 * @throws {InvalidAttributeError}
 */
export function checkNoKeyword(jobName: string, attributes: MessageAttributes): void {
  for (const [name, { StringValue = '' }] of Object.entries(attributes)) {
    if (!StringValue.includes(keywordStart)) continue;
    const advice =
      'which EventBridge Scheduler would fill in: put it in the payload, where it is left as it is';
    throw new InvalidAttributeError(jobName, name, `holds ${keywordStart}…>, ${advice}`);
  }
}

/** The rules of the SNS Developer Guide, "Message attribute items and validation". */
function checkName(jobName: string, name: string): void {
  if ((reservedNames as readonly string[]).includes(name)) {
    throw new InvalidAttributeError(jobName, name, `is set by the publisher: ${reservedAdvice}`);
  }
  if (!/^(?!aws\.|amazon\.)[\w-]+(\.[\w-]+)*$/i.test(name) || name.length > 256) {
    const rule =
      'letters, digits, _, - and single periods inside, at most 256, not starting with AWS. or Amazon.';
    throw new InvalidAttributeError(jobName, name, `has a name that SNS refuses: use ${rule}`);
  }
}

function checkValue(jobName: string, name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidAttributeError(
      jobName,
      name,
      `must be a text of one character or more, was ${shown(value)}`,
    );
  }
  const refused = refusedCharacter.exec(value)?.[0];
  if (refused === undefined) return;
  const codePoint = refused.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  throw new InvalidAttributeError(
    jobName,
    name,
    `holds U+${codePoint} at index ${value.indexOf(refused)}, which SNS refuses: remove or encode it`,
  );
}

const reservedAdvice = 'give the ID as the jobId option, and choose another name for anything else';

/** Characters that XML 1.0 does not allow: controls except tab, LF and CR, lone surrogates, U+FFFE and U+FFFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the very characters it looks for
const refusedCharacter = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/u;
