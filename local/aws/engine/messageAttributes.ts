import { EngineError } from './errors.ts';
import type { MessageAttributes } from './fauxqs.ts';

/**
 * The rules of SNS and SQS for message attributes, which fauxqs does not check: names of letters, digits, `_`, `-` and
 * `.`; one of the types, a suffix of one's own included; and a value that fits the type, of the characters that XML
 * allows.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 * @throws {EngineError} InvalidParameterValue from SQS; ParameterValueInvalid from SNS, which SDKs call
 *   InvalidParameterValueException
 */
export function checkMessageAttributes(attributes: MessageAttributes, service: keyof typeof codes): void {
  const refuse: (message: string) => never = (message) => {
    throw new EngineError(codes[service], message);
  };
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    if (!/^(?!AWS\.|Amazon\.)[\w-]+(\.[\w-]+)*$/i.test(name) || name.length > 256) {
      refuse(`The message attribute name '${name}' has characters that ${service} does not take.`);
    }
    const [, type] = /^(String|Number|Binary)(?:\..+)?$/s.exec(DataType) ?? [];
    if (type === undefined) {
      refuse(
        `The message attribute '${name}' has an invalid message attribute type '${DataType}', the set of supported type prefixes is Binary, Number, and String.`,
      );
    }
    const value = type === 'Binary' ? BinaryValue : StringValue;
    if (!value) {
      const field = type === 'Binary' ? 'BinaryValue' : 'StringValue';
      refuse(`The message attribute '${name}' must contain a non-empty ${field} for its type '${DataType}'.`);
    }
    if (type === 'Number' && !isNumber.test(value)) {
      refuse(`Could not cast message attribute '${name}' value to number.`);
    }
    if (notXml.test(value)) {
      refuse(`The value of the message attribute '${name}' has characters that ${service} does not take.`);
    }
  }
}

const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const notXml = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

const codes = { SNS: 'ParameterValueInvalid', SQS: 'InvalidParameterValue' };
