import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** `.env.local` cannot be used as it is. */
export class LocalVariablesError extends Error {
  override readonly name = 'LocalVariablesError';
}

const fileName = '.env.local';

/**
 * The variables that replace or add to those of functions and workers on this machine: the project's `.env.local`, in
 * the format of dotenv. No variables without that file.
 * @throws {LocalVariablesError} for a name that AWS or the platform sets
 */
export async function readLocalVariables(projectDirectory: string): Promise<Record<string, string>> {
  const text = await readFile(join(projectDirectory, fileName), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  const variables = parseEnv(text) as Record<string, string>;
  const reserved = Object.keys(variables).find((name) => /^(AWS|JOB|LAMBDA)_|^_/.test(name));
  if (reserved === undefined) return variables;
  throw new LocalVariablesError(
    `${fileName} sets ${reserved}, but AWS_…, JOB_… and LAMBDA_… are set by Lambda and the platform: remove the line`,
  );
}
