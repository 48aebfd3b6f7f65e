import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isNativeError } from 'node:util/types';
import { textOf } from '../../src/job/check/given.ts';
import type { JobProblem } from '../../src/job/check/problems.ts';
import { SynthError } from '../platform/synthError.ts';

/** One thing that is wrong in one job file. */
export interface JobFileProblem extends JobProblem {
  /** The absolute path of the job file. */
  readonly file: string;
}

/** The job files cannot become a stack. The message lists every problem of every file. */
export class InvalidJobsError extends SynthError {
  override readonly name = 'InvalidJobsError';
  readonly problems: readonly JobFileProblem[];

  constructor(problems: readonly JobFileProblem[], options?: ErrorOptions) {
    super(messageOf(problems), options);
    this.problems = problems;
  }
}

function messageOf(problems: readonly JobFileProblem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const files = Map.groupBy(problems, ({ file }) => file);
  const paragraphs = [...files].map(([file, ofFile]) =>
    [relative(process.cwd(), file), ...ofFile.map(problemText)].join('\n'),
  );
  return `The jobs cannot be synthesized: ${count}. Nothing was written.\n\n${paragraphs.join('\n\n')}`;
}

function problemText({ option, given, bound, advice }: JobFileProblem): string {
  return `  ${option}: given ${given}; allowed: ${bound}.\n    What to do: ${advice}.`;
}

/** The problem of a job file that throws when it is loaded. */
export function importProblem(error: unknown, file: string): JobProblem {
  return problem(
    `a file that does not load: ${errorText(error)}${placeOf(error, file)}`,
    importAdvice(error),
  );
}

/** The problem of a job whose options throw when they are read. */
export function unreadableProblem(error: unknown, file: string): JobProblem {
  return {
    option: 'default export',
    given: `a job that cannot be read: ${errorText(error)}${placeOf(error, file)}`,
    bound: 'what defineJob returns, with options that are plain values',
    advice: 'give values instead of the getter or the proxy that throws',
  };
}

/**
 * The problem of a job file that begins something when it is loaded, which fails later: a promise that rejects, a timer that
 * throws.
 * @returns undefined where the error's stack names no file in the directory
 */
export function strayProblem(error: unknown, directory: string): JobFileProblem | undefined {
  const place = firstPlace(stackOf(error), directory);
  if (place === undefined) return undefined;
  const given = `a file that begins something when it is loaded, which fails: ${errorText(error)} (line ${place.line})`;
  return { file: place.file, ...problem(given, runAdvice) };
}

/**
 * The problem of a job file that ends the process when it is loaded.
 * @param stack the whole stack of the call to process.exit
 * @returns undefined where the stack names no file in the directory
 */
export function exitProblem(stack: string, directory: string): JobFileProblem | undefined {
  const place = firstPlace(stack, directory);
  if (place === undefined) return undefined;
  const given = `a file that calls process.exit() when it is loaded (line ${place.line})`;
  return { file: place.file, ...problem(given, runAdvice) };
}

function problem(given: string, advice: string): JobProblem {
  const bound = 'a module that loads with an empty environment and does nothing else';
  return { option: 'import', given, bound, advice };
}

function importAdvice(error: unknown): string {
  const { name, code } = isNativeError(error) ? (error as NodeJS.ErrnoException) : {};
  if (name === 'SyntaxError') {
    return 'correct the syntax or the import; Node strips the types, so enums, namespaces and parameter properties do not load';
  }
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return 'correct the path, its ending .ts included, or add the package: npm install --save-prod';
  }
  return runAdvice;
}

const runAdvice =
  'move what needs environment variables, files or the network into run; a job file must load with an empty environment';

function errorText(error: unknown): string {
  if (!isNativeError(error)) return `it throws ${textOf(error)}`;
  return `${partOf(error, 'name')}: ${partOf(error, 'message').trim()}`;
}

/** The line in the file, if the error's stack names it. Node puts it first for a syntax error, else into a frame. */
function placeOf(error: unknown, file: string): string {
  const { pathname } = pathToFileURL(file);
  const [, line] =
    stackOf(error)
      .split(pathname)[1]
      ?.match(/^:(\d+)/) ?? [];
  return line === undefined ? '' : ` (line ${line})`;
}

/** The first place in a stack that is in the directory or in a folder below. */
function firstPlace(stack: string, directory: string): { file: string; line: string } | undefined {
  const { pathname } = pathToFileURL(join(directory, sep));
  const [, name, line] = stack.split(pathname)[1]?.match(/^([^:\n]+):(\d+)/) ?? [];
  return name === undefined || line === undefined ? undefined : { file: join(directory, name), line };
}

/** An error's stack and its cause's stack. A failed fetch names its caller in its cause's stack only. */
function stackOf(error: unknown): string {
  const errors = isNativeError(error) ? [error, error.cause] : [];
  return errors.map((one) => (isNativeError(one) ? partOf(one, 'stack') : '')).join('\n');
}

/** A part of an error as a text. Job files may throw errors whose parts are anything, or throw when they are read. */
function partOf(error: Error, part: 'name' | 'message' | 'stack'): string {
  try {
    return textOf(error[part]);
  } catch {
    return '';
  }
}
