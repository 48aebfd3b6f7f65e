import type { BundleSource, BundleTarget } from './build.ts';

/** The esbuild namespace of generated entries. In the metafile, an entry's path is `job-entry:<job>`. */
export const entryNamespace = 'job-entry';

/** Where the runtime is, relative to the project's root. */
const runtimeFile = 'src/runtime/handler.ts';

/** Where the worker is, which runs jobs outside Lambda; relative to the project's root. */
const workerFile = 'src/worker/process.ts';

/** What only a job that asks for idempotency needs: no other bundle carries it. */
const idempotencyFile = 'src/idempotency/once.ts';

/** What only a job that tracks needs: no other bundle carries it. */
const trackingFile = 'src/tracking/tracker.ts';

/** The module that joins a job to the runtime or to the worker. It becomes the job's bundle. */
export function entryModule(
  { name, file, isIdempotent, isTracked }: BundleSource,
  target: BundleTarget = 'lambda',
): string {
  const parts = [
    ...(isIdempotent ? [`once: dynamoOnce('${name}', job.idempotency)`] : []),
    ...(isTracked ? [`tracker: dynamoTracker('${name}')`] : []),
  ];
  const { imported, run } = target === 'lambda' ? functionLines(name, parts) : workerLines(name, parts);
  return [
    `import job from './${file}';`,
    imported,
    ...(isIdempotent ? [`import { dynamoOnce } from './${idempotencyFile}';`] : []),
    ...(isTracked ? [`import { dynamoTracker } from './${trackingFile}';`] : []),
    run,
    '',
  ].join('\n');
}

interface EntryLines {
  readonly imported: string;
  readonly run: string;
}

function functionLines(name: string, parts: readonly string[]): EntryLines {
  const options = parts.length === 0 ? '' : `, { ${parts.join(', ')} }`;
  return {
    imported: `import { createHandler } from './${runtimeFile}';`,
    run: `export const handler = createHandler(job, '${name}'${options});`,
  };
}

function workerLines(name: string, parts: readonly string[]): EntryLines {
  const options = ['job', `name: '${name}'`, ...parts].join(', ');
  return {
    imported: `import { runWorkerProcess } from './${workerFile}';`,
    run: `process.exitCode = await runWorkerProcess([{ ${options} }]);`,
  };
}
