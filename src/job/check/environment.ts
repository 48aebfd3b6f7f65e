import { maxEnvironmentBytes } from '../bounds.ts';
import { isRecord, shown, textOf } from './given.ts';
import type { JobProblem } from './problems.ts';

/** What is wrong with a job's environment variables. */
export function environmentProblems({ environment = {} }: Options): JobProblem[] {
  if (!isRecord(environment)) {
    return [
      {
        option: 'environment',
        given: shown(environment),
        bound: 'names and text values',
        advice: "write environment: { NAME: 'value' }",
      },
    ];
  }
  const problems = Object.entries(environment).flatMap(([name, value]) => variableProblems(name, value));
  if (problems.length > 0) return problems;
  const bytes = Object.entries(environment).reduce(
    (sum, entry) => sum + Buffer.byteLength(entry.join('')),
    0,
  );
  if (bytes <= maxEnvironmentBytes) return [];
  return [
    {
      option: 'environment',
      given: `${bytes} bytes`,
      bound: `${maxEnvironmentBytes} bytes in all (a Lambda function)`,
      advice: 'keep large values in SSM Parameter Store or S3, and their name here',
    },
  ];
}

function variableProblems(name: string, value: unknown): JobProblem[] {
  const option = `environment.${name}`;
  if (!/^[A-Za-z][A-Za-z0-9_]+$/.test(name)) {
    return [
      {
        option,
        given: shown(name),
        bound: 'a letter, then letters, digits and _',
        advice: 'rename the variable',
      },
    ];
  }
  if (/^(AWS_|JOB_|_|LAMBDA_TASK_ROOT$|LAMBDA_RUNTIME_DIR$)/.test(name)) {
    return [
      {
        option,
        given: shown(name),
        bound: 'AWS_… and JOB_… are set by Lambda and the platform',
        advice: 'rename the variable',
      },
    ];
  }
  if (typeof value === 'string') return [];
  return [{ option, given: shown(value), bound: 'a text', advice: `write '${textOf(value)}'` }];
}

type Options = Readonly<Record<string, unknown>>;
