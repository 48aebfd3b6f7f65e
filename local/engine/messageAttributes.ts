import { EngineError } from './errors.ts';
import { messageAttributesOf } from './publishes.ts';

/**
 * SNS's rules for message attributes, which fauxqs does not check: names of letters, digits, `_`, `-` and `.`, and values
 * of the characters that XML allows.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 * @throws {EngineError} InvalidParameterValue
 */
export function checkMessageAttributes(request: Record<string, string>): void {
  for (const [name, { StringValue = '' }] of Object.entries(messageAttributesOf(request, ''))) {
    if (!/^(?!AWS\.|Amazon\.)[\w-]+(\.[\w-]+)*$/i.test(name) || name.length > 256)
      refuse(`the name '${name}'`);
    if (notXml.test(StringValue)) refuse(`the value of '${name}'`);
  }
}

const notXml = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

function refuse(what: string): never {
  throw new EngineError(
    'InvalidParameterValue',
    `Invalid message attribute: ${what} has characters that SNS does not take.`,
  );
}
