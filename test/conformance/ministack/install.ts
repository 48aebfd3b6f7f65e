import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** MiniStack and the boto3 that goes with it: https://pypi.org/project/ministack/. */
const packages = ['ministack==1.5.33', 'boto3==1.43.106'];

export class PyPiUnreachableError extends Error {
  override readonly name = 'PyPiUnreachableError';
}

/**
 * Installs MiniStack into a virtual environment in this folder.
 * @returns the path of the environment's Python
 * @throws {PyPiUnreachableError} where there is no Python, or the packages cannot be had
 */
export async function installMiniStack(folder: string): Promise<string> {
  const environment = join(folder, 'venv');
  try {
    await run('python3', ['-m', 'venv', environment]);
    await run(join(environment, 'bin/pip'), ['install', '--quiet', ...packages], { timeout: 180_000 });
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw new PyPiUnreachableError(`${packages.join(' and ')} cannot be installed: ${said}`, { cause });
  }
  return join(environment, 'bin/python');
}
