import { createInterface } from 'node:readline/promises';
import { CommandError } from '../CommandError.ts';

/**
 * Asks a question on the terminal; anything but yes is no, except Ctrl-C.
 * @throws {CommandError} where nobody can be asked
 */
export async function confirmed(question: string): Promise<'yes' | 'no' | 'interrupted'> {
  if (!process.stdin.isTTY) throw new CommandError('there is no terminal to ask on: give --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<'no' | 'interrupted'>((resolve) => {
    terminal.once('SIGINT', () => resolve('interrupted'));
    terminal.once('close', () => resolve('no'));
  });
  try {
    const answer = terminal.question(`${question} [y/N] `);
    return await Promise.race([answer.then((text) => (isYes(text) ? 'yes' : 'no')), ended]);
  } finally {
    terminal.close();
  }
}

function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim());
}
