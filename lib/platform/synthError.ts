/**
 * Something a person has to put right before there can be a template. Its message says what, where and what to do
 * next, so the app prints it without a stack trace.
 */
export class SynthError extends Error {
  override readonly name: string = 'SynthError';
}
