import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { App } from 'aws-cdk-lib/core';
import type { BundledJob, JobBundle } from '../../lib/bundle/bundle.ts';
import { JobPlatformStack, type JobPlatformStackProps } from '../../lib/platform/jobPlatform.ts';
import { defineJob, type JobOptions } from '../../src/job/index.ts';
import { repository } from './project.ts';

const temporary = mkdtempSync(join(tmpdir(), 'serverless-jobs-template-'));
const bundleDirectory = join(temporary, 'bundle');
mkdirSync(bundleDirectory);
writeFileSync(join(bundleDirectory, 'index.mjs'), 'export const handler = () => {};');
writeFileSync(join(bundleDirectory, 'Dockerfile'), 'FROM scratch');
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** A job with a bundle that is enough for a template. */
export function bundledJob(name: string, options: Partial<JobOptions> = {}): BundledJob {
  return {
    name,
    file: `/src/jobs/${name}.ts`,
    job: defineJob({ run() {}, ...options }),
    bundle: { directory: bundleDirectory, hash: `hash-of-${name}`, bytes: 32 },
  };
}

/** The API's, enough for a template too. */
export const apiBundle: JobBundle = { directory: bundleDirectory, hash: 'hash-of-the-api', bytes: 32 };

/**
 * With cdk.json's feature flags. What takes long and is in no template is left out: the CDK's validator (`cdk synth` has
 * it), where each construct was made, and copies of the bundles.
 */
export function testApp(context: Record<string, unknown> = {}): App {
  return new App({
    outdir: mkdtempSync(join(temporary, 'cdk.out-')),
    context: { ...flags, ...quiet, ...context },
    builtinCloudFormationValidation: false,
    analyticsReporting: false,
  });
}

export function platformStack(
  props: Partial<JobPlatformStackProps> = {},
  app: App = testApp(),
): JobPlatformStack {
  return new JobPlatformStack(app, 'Platform', { jobs: [bundledJob('GreetingJob')], apiBundle, ...props });
}

export function templateOf(props: Partial<JobPlatformStackProps> = {}): Template {
  return Template.fromStack(platformStack(props));
}

const quiet = {
  'aws:cdk:enable-path-metadata': true,
  '@aws-cdk/core:annotationsInValidationReport': false,
  'aws:cdk:disable-asset-staging': true,
  'aws:cdk:disable-creation-stack-traces': true,
  'aws:cdk:disable-stack-trace': true,
};
const flags = JSON.parse(readFileSync(join(repository, 'cdk.json'), 'utf8')).context;

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a CloudFormation resource's properties are looked into freely
  readonly Properties: any;
  readonly DependsOn?: string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** A template's resources by construct path, without the stack: `Jobs/Topic`, `Jobs/Job/GreetingJob/Queue`. */
export function resourcesByPath(template: Template): Record<string, Resource> {
  const resources = Object.values(template.toJSON().Resources) as (Resource & {
    Metadata: Record<string, string>;
  })[];
  return Object.fromEntries(
    resources.map((resource) => [
      resource.Metadata['aws:cdk:path']?.replace(/^[^/]+\//, '').replace(/\/Resource$/, ''),
      resource,
    ]),
  );
}

/** The same, by logical ID. */
export function logicalIds(template: Template): Record<string, string> {
  const resources = template.toJSON().Resources as Record<string, { Metadata: Record<string, string> }>;
  return Object.fromEntries(
    Object.entries(resources).map(([id, { Metadata }]) => [Metadata['aws:cdk:path'] as string, id]),
  );
}
