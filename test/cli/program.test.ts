import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { processEnvironment } from './jobsCommand.ts';

const program = fileURLToPath(new URL('../../bin/jobs.ts', import.meta.url));

(existsSync('/dev/full') ? test : test.skip)('output that cannot be written is one line', async () => {
  const words = ['-c', '"$0" "$1" publish --help > /dev/full', process.execPath, program];
  const ended = promisify(execFile)('sh', words, { env: processEnvironment });
  await expect(ended).rejects.toMatchObject({
    code: 1,
    stderr: 'error: the output cannot be written: ENOSPC: no space left on device, write\n',
  });
});
