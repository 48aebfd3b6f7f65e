import { isReservedVariable, reservedVariables } from '../../names.ts';
import { maxEnvironmentBytes } from '../options.ts';
import { isRecord, shown, textOf } from './given.ts';
import type { JobProblem } from './problems.ts';

/** What is wrong with the environment variables that a job has in a stage. */
export function environmentProblems({ environment: given = {} }: Options, stage: string): JobProblem[] {
  let environment = given;
  try {
    if (typeof given === 'function') environment = given({ stage });
  } catch (error) {
    return [
      {
        option: 'environment',
        given: `a function that threw ${textOf(error)} for the stage '${stage}'`,
        bound: 'a function ({ stage }) that returns names and text values',
        advice: 'let it return variables for every stage',
      },
    ];
  }
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
  if (isReservedVariable(name)) {
    return [
      {
        option,
        given: shown(name),
        bound: `a name that Lambda and the platform do not set (they set ${reservedVariables})`,
        advice: 'rename the variable',
      },
    ];
  }
  if (typeof value === 'string') return [];
  return [{ option, given: shown(value), bound: 'a text', advice: `write '${textOf(value)}'` }];
}

type Options = Readonly<Record<string, unknown>>;
