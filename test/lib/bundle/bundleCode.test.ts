import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, Stack } from 'aws-cdk-lib/core';
import { BundleCode } from '../../../lib/bundle/bundleCode.ts';
import { bundledJob, testApp } from '../template.ts';

const { bundle } = bundledJob('GreetingJob');

test('a bundle becomes the template and assets that Code.fromAsset makes of it, under its own hash', () => {
  const own = assembled(new BundleCode(bundle));
  const fromAsset = assembled(
    Code.fromAsset(bundle.directory, { assetHash: bundle.hash, assetHashType: AssetHashType.CUSTOM }),
  );
  const hashed = fromAsset.asset.replace('asset.', '');
  expect(own.template).toBe(fromAsset.template.replaceAll(`"${hashed}.zip"`, `"${bundle.hash}.zip"`));
  const { [hashed]: expected } = JSON.parse(fromAsset.assets).files;
  const { [bundle.hash]: asset } = JSON.parse(own.assets).files;
  expect(asset.source).toEqual(expected.source);
  expect(asset.displayName).toBe(expected.displayName);
  expect(Object.values(asset.destinations)).toEqual(
    Object.values<object>(expected.destinations).map((one) => ({ ...one, objectKey: `${bundle.hash}.zip` })),
  );
  expect(own.asset).toBe(fromAsset.asset);
  expect(own.template).toContain(`"aws:asset:path": "${own.asset}"`);
  expect(own.code).toContain('handler');
});

test('nothing is said of the asset where the CDK CLI has not asked for it', () => {
  expect(assembled(new BundleCode(bundle), false).template).not.toContain('aws:asset');
});

/** As the CDK CLI has it: with the assets' places in the template. */
function assembled(code: Code, hasAssetMetadata = true) {
  const app = testApp({
    'aws:cdk:enable-asset-metadata': hasAssetMetadata,
    'aws:cdk:disable-asset-staging': false,
  });
  const stack = new Stack(app, 'Stack');
  new LambdaFunction(stack, 'Function', { code, runtime: Runtime.NODEJS_24_X, handler: 'index.handler' });
  const { directory } = app.synth();
  const read = (file: string): string => readFileSync(join(directory, file), 'utf8');
  const asset = readdirSync(directory).find((name) => name.startsWith('asset.')) as string;
  return {
    template: read('Stack.template.json'),
    assets: read('Stack.assets.json'),
    asset,
    code: read(join(asset, 'index.mjs')),
  };
}
