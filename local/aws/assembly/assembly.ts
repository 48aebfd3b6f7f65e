import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Template } from './template.ts';

/** A cloud assembly: what `cdk synth` wrote, read from its JSON files. */
export interface Assembly {
  /** Absolute path of the directory. */
  readonly directory: string;
  /** In the manifest's order; the stacks of nested assemblies (stages) included. */
  readonly stacks: readonly Stack[];
}

export interface Stack {
  readonly name: string;
  readonly template: Template;
  /**
   * Absolute path of each asset by its hash: a directory (of a container image too), or a file where nothing had to be
   * zipped.
   */
  readonly assets: ReadonlyMap<string, string>;
}

/** A directory that is no readable cloud assembly. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
}

/** Reads `manifest.json` and what it names. Throws {@link AssemblyError} with the file that is missing or broken. */
export async function readAssembly(directory: string): Promise<Assembly> {
  const absolute = resolve(directory);
  return { directory: absolute, stacks: await readStacks(absolute) };
}

async function readStacks(directory: string): Promise<Stack[]> {
  const manifest = await readJson<Manifest>(join(directory, 'manifest.json'));
  const artifacts = Object.entries(manifest.artifacts ?? {});
  const stacks: Stack[] = [];
  for (const [id, artifact] of artifacts) {
    if (artifact.type === 'aws:cloudformation:stack') {
      stacks.push(await readStack(directory, id, artifact, manifest));
    } else if (artifact.type === 'cdk:cloud-assembly') {
      stacks.push(...(await readStacks(join(directory, propertyOf(artifact, id, 'directoryName')))));
    }
  }
  return stacks;
}

async function readStack(
  directory: string,
  id: string,
  artifact: Artifact,
  manifest: Manifest,
): Promise<Stack> {
  const template = await readJson<Template>(join(directory, propertyOf(artifact, id, 'templateFile')));
  const assets = new Map<string, string>();
  for (const dependency of artifact.dependencies ?? []) {
    const assetManifest = manifest.artifacts?.[dependency];
    if (assetManifest?.type !== 'cdk:asset-manifest') continue;
    await readAssets(directory, propertyOf(assetManifest, dependency, 'file'), assets);
  }
  return { name: artifact.properties?.stackName ?? id, template, assets };
}

async function readAssets(directory: string, file: string, into: Map<string, string>): Promise<void> {
  const { files, dockerImages } = await readJson<AssetManifest>(join(directory, file));
  for (const [hash, asset] of Object.entries(files ?? {})) {
    if (asset.source?.path !== undefined) into.set(hash, resolve(directory, asset.source.path));
  }
  for (const [hash, { source }] of Object.entries(dockerImages ?? {})) {
    if (source?.directory !== undefined) into.set(hash, resolve(directory, source.directory));
  }
}

function propertyOf(artifact: Artifact, id: string, name: 'templateFile' | 'directoryName' | 'file'): string {
  const value = artifact.properties?.[name];
  if (value === undefined) throw new AssemblyError(`manifest.json: artifact ${id} has no property ${name}`);
  return value;
}

async function readJson<T>(file: string): Promise<T> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new AssemblyError(`${file} ${why}; is this a cloud assembly (the output of a synth)?`, { cause });
  }
}

interface Manifest {
  artifacts?: Record<string, Artifact>;
}

interface Artifact {
  type: string;
  dependencies?: string[];
  properties?: { stackName?: string; templateFile?: string; directoryName?: string; file?: string };
}

interface AssetManifest {
  files?: Record<string, { source?: { path?: string } }>;
  dockerImages?: Record<string, { source?: { directory?: string } }>;
}
