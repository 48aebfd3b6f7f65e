import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { bundleOptions } from '../../../lib/bundle/build.ts';

const entry = `
  import { createApiHandler } from './api/index.ts';
  export const handler = createApiHandler([]);
`;

test("the API's bundle stays below 400 KB, holds no job, and leaves the AWS SDK to Lambda", async () => {
  const { metafile } = await build({
    ...bundleOptions,
    sourcemap: false,
    external: ['@aws-sdk/*'],
    stdin: { contents: entry, loader: 'ts', resolveDir: new URL('../../../src', import.meta.url).pathname },
    outfile: 'index.mjs',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  expect(metafile.outputs['index.mjs']?.bytes).toBeLessThan(400_000);
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.filter((input) => /^src\/jobs\/|@aws-sdk|aws-cdk|^(lib|local|cli)\//.test(input))).toEqual(
    [],
  );
});
