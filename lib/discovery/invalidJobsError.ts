import { relative } from 'node:path';
import type { JobProblem } from '../../src/job/problems.ts';
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
