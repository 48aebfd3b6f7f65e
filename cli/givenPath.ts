import { resolve } from 'node:path';

/**
 * Where a path leads that somebody typed. npm runs a script in the project's root, wherever it is typed, and says where that
 * was; in messages a path stays as it was given.
 */
export function givenPath(path: string): string {
  return resolve(process.env.INIT_CWD || process.cwd(), path);
}
