import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { until } from '../local/aws/lambda/processes.ts';
import { names, startDlqPlatform, startJobs } from './dlqPlatform.ts';

test('publishing a file, interrupted, finishes what is on its way and says what was published and where to go on', async () => {
  const platform = await startDlqPlatform();
  const { engine, directory } = platform;
  const lines = Array.from({ length: 500 }, (_, index) => `{"friendName":"Hank ${index}"}\n`);
  await writeFile(join(directory, 'friends of Hank.jsonl'), lines.join(''));
  let calls = 0;
  engine.setFaults(({ action }) =>
    action === 'PublishBatch' && ++calls > 5 ? { kind: 'delay', ms: 300 } : undefined,
  );
  const words = ['publish', 'GreetingJob', '--file', 'friends of Hank.jsonl'];
  const { child, output, ended } = startJobs(directory, words);
  try {
    await until(async () => ((await engine.queueCounts(names.queue))?.visible ?? 0) >= 50, 60_000);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    const published = (await engine.queueCounts(names.queue))?.visible ?? 0;
    expect(published).toBeLessThan(500);
    expect(output.stdout).toBe(`published ${published} messages to the local platform\n`);
    expect(output.stderr.trimStart().split('\n')).toEqual([
      'publishing the lines in hand. Ctrl-C again stops at once',
      `interrupted before line ${published + 1}: go on from there, such as by tail -n +${published + 1} 'friends of Hank.jsonl' | … with - in place of --file`,
      '',
    ]);
  } finally {
    child.kill('SIGKILL');
    await platform.close();
  }
});
