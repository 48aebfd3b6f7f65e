import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/**
 * An item as DynamoDB has it, in plain values. The document client does so with every answer, but not with the item in a
 * ConditionalCheckFailedException.
 */
export function plainItem(attributes: Readonly<Record<string, AttributeValue>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, plain(value)]));
}

/** Of the types that a status uses. */
function plain(value: AttributeValue): unknown {
  if (value.M !== undefined) return plainItem(value.M);
  if (value.L !== undefined) return value.L.map(plain);
  if (value.N !== undefined) return Number(value.N);
  return value.S ?? value.BOOL;
}
