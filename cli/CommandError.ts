/**
 * A command that cannot be carried out as it was given: nothing was sent or changed. The message is one line, what is
 * wrong and what to do; it is printed without a stack, and the command exits with 2.
 */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
