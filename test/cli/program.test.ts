import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { processEnvironment, runJobsProcess, startDirectory } from './jobsCommand.ts';
import { program } from './jobsProject.ts';

(existsSync('/dev/full') ? test : test.skip)('output that cannot be written is one line', async () => {
  const words = ['-c', '"$0" "$1" publish --help > /dev/full', process.execPath, program];
  const ended = promisify(execFile)('sh', words, { env: processEnvironment });
  await expect(ended).rejects.toMatchObject({
    code: 1,
    stderr: 'error: the output cannot be written: ENOSPC: no space left on device, write\n',
  });
});

describe('started by npm run', () => {
  const run = async (env: Readonly<Record<string, string>>, ...words: string[]) => {
    const directory = await startDirectory();
    const { code, stderr } = await runJobsProcess(directory.path, words, '', {
      npm_lifecycle_event: 'jobs',
      npm_config_noproxy: '',
      npm_config_yes: '',
      ...env,
    });
    await directory.remove();
    return { code, stderr };
  };

  test('says where -- was left out, and npm took the options', async () => {
    const forgotten = await run(
      { npm_config_delay: 'true', npm_config_topic_arn: 'true' },
      ...['publish', 'GreetingJob', '{}', '10m', 'arn'],
    );
    expect(forgotten).toEqual({
      code: 2,
      stderr:
        'error: npm took --delay, --topic-arn for itself: write -- before the command, npm run jobs -- publish … ' +
        'If it is there, npm has that from .npmrc or the environment (npm_config_delay, npm_config_topic_arn): ' +
        'npm run jobs --no-delay --no-topic-arn -- publish …\n',
    });
    const all = await run({ npm_config_all: 'true' }, 'dlq', 'redrive', 'GreetingJob');
    expect(all.stderr).toContain(
      'npm took --all for itself: write -- before the command, npm run jobs -- dlq redrive …',
    );
  });

  test('goes on as it says where npm is told the option elsewhere', async () => {
    const directory = await startDirectory();
    const jobs = `${JSON.stringify(process.execPath)} ${JSON.stringify(program)}`;
    await writeFile(join(directory.path, 'package.json'), JSON.stringify({ scripts: { jobs } }));
    await writeFile(join(directory.path, '.npmrc'), 'json=true\n');
    const npmProgram = process.env.npm_execpath ?? ''; // npm test sets it
    const npm = async (...words: string[]) => {
      const env = { ...processEnvironment, npm_config_force: 'true' };
      const ended = promisify(execFile)(process.execPath, [npmProgram, 'run', 'jobs', ...words], {
        cwd: directory.path,
        env,
      });
      return (await ended.catch((error) => error)).stderr;
    };
    const publish = ['--', 'publish', 'GreetingJob', '{}'];
    const refused = await npm(...publish);
    const [, advised = ''] = /: npm run jobs (--no.*) -- publish …/.exec(refused) ?? [];
    expect(advised).toBe('--no-force --no-json');
    expect(await npm(...advised.split(' '), ...publish)).toContain('no local platform is running here');
    await directory.remove();
  });

  test('takes no offence at what else npm is told', async () => {
    const noPlatform = { code: 2, stderr: expect.stringContaining('no local platform is running here') };
    const other = await run({ npm_config_delay: 'true' }, 'dlq', 'redrive', 'GreetingJob', '--all');
    expect(other).toEqual(noPlatform);
    const withOptions = await run({ npm_config_yes: 'true' }, 'dlq', 'discard', 'GreetingJob', '--all');
    expect(withOptions).toEqual(noPlatform);
    expect(await run({}, 'publish', 'GreetingJob', '{}')).toEqual(noPlatform);
  });
});
