import { durationSeconds } from '../../src/job/duration.ts';
import { CommandError } from '../outcome.ts';
import { durationOption } from '../when.ts';
import { diedAtMs, errorName, type Letter } from './letter.ts';

/** The options by which `redrive` and `discard` choose dead letters. */
export interface SelectionOptions {
  readonly all?: boolean;
  readonly id?: readonly string[];
  readonly error?: string;
  readonly olderThan?: string;
}

/** Chooses dead letters. */
export interface Selection {
  readonly by: 'all' | 'id' | 'error' | 'age';
  /** As it was given, such as `--error TypeError`. */
  readonly text: string;
  takes(letter: Letter): boolean;
}

/** @throws {CommandError} unless exactly one option is given, and can be read */
export function selectionOf({ all, id, error, olderThan }: SelectionOptions): Selection {
  const given = [all, id, error, olderThan].filter((value) => value !== undefined);
  if (given.length !== 1) {
    const problem = given.length === 0 ? 'which dead letters?' : 'which of them?';
    throw new CommandError(
      `${problem} Give exactly one of --all, --id <jobId…>, --error <name>, --older-than <duration>`,
    );
  }
  if (id !== undefined) return byId(id);
  if (error !== undefined) {
    return { by: 'error', text: `--error ${error}`, takes: (letter) => errorName(letter) === error };
  }
  return olderThan === undefined ? { by: 'all', text: '--all', takes: () => true } : byAge(olderThan);
}

function byId(ids: readonly string[]): Selection {
  const wanted = new Set(ids);
  return { by: 'id', text: `--id ${ids.join(' ')}`, takes: ({ jobId }) => wanted.has(jobId) };
}

/** By the time since the last failure; for a letter without a reason, since it was sent. */
function byAge(olderThan: string): Selection {
  const beforeMs = Date.now() - durationSeconds(durationOption('--older-than', olderThan)) * 1_000;
  return {
    by: 'age',
    text: `--older-than ${olderThan}`,
    takes: (letter) => diedAtMs(letter) <= beforeMs,
  };
}
