import { SynthError } from '../platform/synthError.ts';
import { type Modules, packageOf } from './modules.ts';

/** A bundle would carry what must not ship. */
export class BundleWallError extends SynthError {
  override readonly name = 'BundleWallError';
}

/** Synth-time packages, which are never part of a bundle, even where `dependencies` lists them. */
const synthTimePackages: ReadonlySet<string> = new Set([
  'aws-cdk',
  'aws-cdk-lib',
  'cdk-nag',
  'constructs',
  'esbuild',
]);

/**
 * Refuses what must not ship. A bundle is made from `src/`, from packages that package.json lists in `dependencies`, and
 * from what those packages depend on.
 * @param dependencies the names in package.json's `dependencies`
 * @throws {BundleWallError} with the chain of imports that leads to the file
 */
export function assertWall(jobName: string, modules: Modules, dependencies: ReadonlySet<string>): void {
  for (const importer of modules.files) {
    for (const file of modules.importsOf(importer)) {
      const advice = adviceAgainst(file, importer, dependencies);
      if (advice === undefined) continue;
      const chain = [...modules.chainTo(importer), file].join(' → ');
      throw new BundleWallError(
        `${jobName}'s bundle would carry ${file}, which must not ship: ${chain}. ${advice}`,
      );
    }
  }
}

/** What to do about an import that must not ship; undefined for an import that may. */
function adviceAgainst(
  file: string,
  importer: string,
  dependencies: ReadonlySet<string>,
): string | undefined {
  const name = packageOf(file);
  if (name === undefined) {
    const ships = file.startsWith('src/');
    return ships
      ? undefined
      : 'Code in src/ imports src/ and packages only: move it into src/, or do without it.';
  }
  if (synthTimePackages.has(name)) return `${name} is for synth time: remove the import.`;
  const isOwnImport = packageOf(importer) === undefined;
  if (!isOwnImport || dependencies.has(name)) return undefined;
  return `package.json does not list ${name} in dependencies: npm install --save-prod ${name}, or remove the import.`;
}
