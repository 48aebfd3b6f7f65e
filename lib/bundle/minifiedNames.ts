import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Modules, packageOf } from './modules.ts';

/**
 * A warning for each of the project's files that reads a class's name at run time, where it is minified: an error
 * that calls itself `this.constructor.name` would stand as `a` in the log and beside its dead letter.
 */
export function minifiedNameWarnings({ files }: Modules, root: string): string[] {
  return files
    .filter((file) => packageOf(file) === undefined)
    .filter((file) => /\b(?:constructor|new\.target)\.name\b/.test(readFileSync(join(root, file), 'utf8')))
    .map((file) => `${file} reads a class's name, which bundling minifies: write it out, as in ${example}.`);
}

const example = "override readonly name = 'InvoiceGone'";
