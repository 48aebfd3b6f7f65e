import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { isReservedVariable, reservedVariables } from '../../src/names.ts';

/** `.env.local` cannot be used as it is. */
export class LocalVariablesError extends Error {
  override readonly name = 'LocalVariablesError';
}

const fileName = '.env.local';

/**
 * Reads the project's `.env.local`, in the format of dotenv. Its variables replace those of functions and workers on this
 * machine, and add to them. Without the file there are no variables.
 * @throws {LocalVariablesError} for a name that Lambda or the platform sets
 */
export async function readLocalVariables(projectDirectory: string): Promise<Record<string, string>> {
  const text = await readFile(join(projectDirectory, fileName), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  const variables = parseEnv(text) as Record<string, string>;
  const reserved = Object.keys(variables).find(isReservedVariable);
  if (reserved === undefined) return variables;
  throw new LocalVariablesError(
    `${fileName} sets ${reserved}, but Lambda and the platform set ${reservedVariables}: remove the line`,
  );
}
