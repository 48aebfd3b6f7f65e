/** What was thrown, as texts. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

/**
 * Describes what was thrown: an error or any other value, even one whose getters throw. Never throws itself. Texts are
 * cut, and the stacks of an error's causes follow its own.
 */
export function describeThrown(thrown: unknown, depth = 3): Thrown {
  try {
    const { name, message, stack = '', cause } = Object(thrown);
    const text = String(message ?? (typeof thrown === 'string' ? thrown : JSON.stringify(thrown)) ?? thrown);
    const short = text.slice(0, 1000);
    const { stack: causes } = cause && depth ? describeThrown(cause, depth - 1) : {};
    // A stack begins with the message. A long message would leave no room for the frames.
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

/** `instanceof` that never throws: it asks for the prototype, and a proxy may throw then. */
export function isA<T>(kind: abstract new (...parameters: never[]) => T, thrown: unknown): thrown is T {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}
