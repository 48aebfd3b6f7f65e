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
  expect(inputs.filter((input) => !/^src\/(publisher|job)\/|^src\/index\.ts$/.test(input))).toEqual([]);

  const imported = Object.values(metafile.outputs).flatMap((output) =>
    output.imports.map(({ path }) => path),
  );
  expect(new Set(imported.filter((path) => !path.startsWith('node:')))).toEqual(
    new Set(['@aws-sdk/client-sns']),
  );
});
