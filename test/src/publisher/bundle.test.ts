import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

/** A caller in another service: publishes by name, typed against the jobs. */
const caller = `
  import { createPublisher } from './index.ts';
  export const publish = () =>
    createPublisher({ topicArn: process.env.TOPIC_ARN! }).publish('GreetingJob', { friendName: 'Hank' });
`;

test("a caller's bundle holds the publisher, and no job's code or schema library", async () => {
  const { metafile } = await build({
    stdin: { contents: caller, loader: 'ts', resolveDir: new URL('../../../src', import.meta.url).pathname },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    external: ['@aws-sdk/*'],
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs).filter((input) => input !== '<stdin>');
  expect(inputs).toContain('src/publisher/publisher.ts');
  const own = /^src\/(publisher|job|message|schedule)\/|^src\/(index|names|sigV4)\.ts$/;
  expect(inputs.filter((input) => !own.test(input))).toEqual([]);

  const imported = Object.values(metafile.outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path }) => !path.startsWith('node:'));
  const pathsOf = (wanted: string) => imported.flatMap(({ kind, path }) => (kind === wanted ? [path] : []));
  expect(new Set(pathsOf('import-statement'))).toEqual(new Set(['@aws-sdk/client-sns']));
  expect(pathsOf('dynamic-import').sort()).toEqual(['@aws-sdk/client-s3', '@aws-sdk/client-scheduler']);
});
