/** What can be told of something that was thrown. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

/**
 * Tells what was thrown: an error, or anything else, since anything can be thrown, a getter that throws included. Never
 * throws itself. Texts are cut, and a stack goes on with those of its causes.
 */
export function describeThrown(thrown: unknown, depth = 3): Thrown {
  try {
    const { name, message, stack = '', cause } = Object(thrown);
    const text = String(message ?? (typeof thrown === 'string' ? thrown : JSON.stringify(thrown)) ?? thrown);
    const short = text.slice(0, 1000);
    const { stack: causes } = cause && depth ? describeThrown(cause, depth - 1) : {};
    // A stack begins with the message, which must not leave it without its frames.
    const stacks = String(stack).replace(text, () => short) + (causes ? `\ncaused by: ${causes}` : '');
    return {
      name: String(name || 'Error').slice(0, 200),
      message: short,
      stack: stacks.slice(0, 3000) || undefined,
    };
  } catch {
    return { name: 'Error', message: 'what was thrown cannot be read' };
  }
}

/** `instanceof` asks what was thrown for its prototype, and a proxy may answer by throwing. */
export function isA<T>(kind: abstract new (...parameters: never[]) => T, thrown: unknown): thrown is T {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}
