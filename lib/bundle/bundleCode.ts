import { Code, type CodeConfig, type ResourceBindOptions } from 'aws-cdk-lib/aws-lambda';
import {
  AssetHashType,
  AssetStaging,
  type CfnResource,
  FileAssetPackaging,
  Names,
  Stack,
} from 'aws-cdk-lib/core';
import {
  ASSET_RESOURCE_METADATA_ENABLED_CONTEXT,
  ASSET_RESOURCE_METADATA_IS_BUNDLED_KEY,
  ASSET_RESOURCE_METADATA_PATH_KEY,
  ASSET_RESOURCE_METADATA_PROPERTY_KEY,
} from 'aws-cdk-lib/cx-api';
import type { Construct } from 'constructs';
import type { JobBundle } from './bundle.ts';

/**
 * A bundle as the code of one function: `<hash>.zip` in the bucket of assets. The hash is also the code's version in the
 * function's environment and log lines. `Code.fromAsset` would hash the hash; it also imports a bucket for each asset, and
 * with it the facts of every AWS Region, which takes a tenth of an unchanged synth.
 */
export class BundleCode extends Code {
  readonly isInline = false;
  readonly #bundle: JobBundle;
  #path = '';

  constructor(bundle: JobBundle) {
    super();
    this.#bundle = bundle;
  }

  /** The CDK takes the known hash instead of reading the files again, so the same content is the same asset anywhere. */
  override bind(scope: Construct): CodeConfig {
    const { directory: sourcePath, hash: assetHash } = this.#bundle;
    const staging = new AssetStaging(scope, 'Code', {
      sourcePath,
      assetHash,
      assetHashType: AssetHashType.CUSTOM,
    });
    const stack = Stack.of(scope);
    this.#path = staging.relativeStagedPath(stack);
    const { bucketName, objectKey } = stack.synthesizer.addFileAsset({
      fileName: this.#path,
      packaging: FileAssetPackaging.ZIP_DIRECTORY,
      sourceHash: assetHash,
      deployTime: true,
      displayName: Names.stackRelativeConstructPath(staging),
    });
    return { s3Location: { bucketName, objectKey } };
  }

  /** Tells other tools, such as `sam local`, where the code is. */
  override bindToResource(
    resource: CfnResource,
    { resourceProperty = 'Code' }: ResourceBindOptions = {},
  ): void {
    if (resource.node.tryGetContext(ASSET_RESOURCE_METADATA_ENABLED_CONTEXT) !== true) return;
    resource.addMetadata(ASSET_RESOURCE_METADATA_PATH_KEY, this.#path);
    resource.addMetadata(ASSET_RESOURCE_METADATA_IS_BUNDLED_KEY, false);
    resource.addMetadata(ASSET_RESOURCE_METADATA_PROPERTY_KEY, resourceProperty);
  }
}
