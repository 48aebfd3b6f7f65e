/** A conditional write, as UpdateItem takes it beside its table and key. */
export interface Change {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, unknown>;
}

export interface ChangeParts {
  /** Attributes and their new values; an undefined one is left as it is. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Further assignments, written out: `#createdAt = if_not_exists(#createdAt, :createdAt)`. */
  readonly assign?: readonly string[];
  /** Attributes to remove, unless they are set. */
  readonly remove?: readonly string[];
  readonly condition: string;
  /** Values of what is written out, beside those of `set`, by their names without the colon. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** Puts a change together: every `#name` stands for the attribute of that name, since many of them are reserved words. */
export function change({ set, assign = [], remove = [], condition, values = {} }: ChangeParts): Change {
  const given = Object.entries(set).filter(([, value]) => value !== undefined);
  const names = new Set(given.map(([name]) => name));
  const assignments = [...given.map(([name]) => `#${name} = :${name}`), ...assign];
  const removed = remove.filter((name) => !names.has(name)).map((name) => `#${name}`);
  const UpdateExpression = [
    `SET ${assignments.join(', ')}`,
    ...(removed.length > 0 ? [`REMOVE ${removed.join(', ')}`] : []),
  ].join(' ');
  const text = `${UpdateExpression} ${condition}`;
  const all = Object.entries({ ...values, ...Object.fromEntries(given) });
  return {
    UpdateExpression,
    ConditionExpression: condition,
    ExpressionAttributeNames: Object.fromEntries(
      [...text.matchAll(/#(\w+)/g)].map(([key, name]) => [key, name ?? '']),
    ),
    // DynamoDB refuses a value that no expression uses.
    ExpressionAttributeValues: Object.fromEntries(
      all
        .filter(([name]) => new RegExp(`:${name}\\b`).test(text))
        .map(([name, value]) => [`:${name}`, value]),
    ),
  };
}
