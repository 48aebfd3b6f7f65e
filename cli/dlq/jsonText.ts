/** JSON for people to edit. Numbers stay as they were written: a 64-bit ID would not survive `JSON.parse` alone. */
export function prettyJson(text: string): string {
  return `${JSON.stringify(parsedExactly(text), undefined, 2)}\n`;
}

/** JSON for a message; SQS refuses U+FFFE and U+FFFF, and in JSON an escape means the same. */
export function compactJson(text: string): string {
  return JSON.stringify(parsedExactly(text)).replace(
    /[\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** @throws {SyntaxError} */
function parsedExactly(text: string): unknown {
  return exactJson.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? exactJson.rawJSON(source)
      : value,
  );
}

/** What ECMAScript's "JSON.parse source text access" adds, which the compiler does not know yet. */
const exactJson = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
};
