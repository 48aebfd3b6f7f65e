/**
 * Something that a person has to mend before there can be a template. The message says what is wrong, where, and what to
 * do, so the app prints it without a stack.
 */
export class SynthError extends Error {
  override readonly name: string = 'SynthError';
}
