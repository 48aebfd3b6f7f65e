import type { BundleSource, BundleTarget } from './build.ts';

/** The esbuild namespace of the generated entries; with the job's name it is an entry's path in the metafile. */
export const entryNamespace = 'job-entry';

/** Where the runtime is, relative to the project's root. */
export const runtimeFile = 'src/runtime/index.ts';

/** Where the worker is, which runs jobs outside Lambda. */
export const workerFile = 'src/worker/index.ts';

/** What a job that asks for idempotency needs beyond it; no other bundle carries it. */
export const idempotencyFile = 'src/runtime/dynamoOnce.ts';

/** The module that joins a job to the runtime, or to the worker, and becomes its bundle. */
export function entryModule(
  { name, file, isIdempotent }: BundleSource,
  target: BundleTarget = 'lambda',
): string {
  const once = isIdempotent ? `dynamoOnce('${name}', job.idempotency)` : undefined;
  const { imported, run } = target === 'lambda' ? functionLines(name, once) : workerLines(name, once);
  return [
    `import job from './${file}';`,
    imported,
    ...(isIdempotent ? [`import { dynamoOnce } from './${idempotencyFile}';`] : []),
    run,
    '',
  ].join('\n');
}

interface EntryLines {
  readonly imported: string;
  readonly run: string;
}

function functionLines(name: string, once: string | undefined): EntryLines {
  const options = once === undefined ? '' : `, { once: ${once} }`;
  return {
    imported: `import { createHandler } from './${runtimeFile}';`,
    run: `export const handler = createHandler(job, '${name}'${options});`,
  };
}

function workerLines(name: string, once: string | undefined): EntryLines {
  const options = once === undefined ? '' : `, once: ${once}`;
  return {
    imported: `import { runWorkerProcess } from './${workerFile}';`,
    run: `process.exitCode = await runWorkerProcess([{ job, name: '${name}'${options} }]);`,
  };
}
