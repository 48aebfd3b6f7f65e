import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interleavedRatio, type Measure } from './measure.ts';
import { projectWith } from './project.ts';

/** Synthesizing many jobs as a whole process, into an empty directory each time. The peer bundles each function separately. */
export const synthMeasures: Measure[] = [
  {
    name: 'synth-cold',
    peer: 'a NodejsFunction per job',
    target: '≤ 0.25',
    of: 'time to synthesize 50 jobs in two stacks, nothing cached, validator on in both',
    ratio: () => synthRatio({ isCold: true, isValidated: true, rounds: 2 }),
  },
  {
    name: 'synth-unchanged',
    peer: 'a NodejsFunction per job',
    target: '≤ 0.2',
    of: 'time to synthesize 50 unchanged jobs in two stacks, validator on in both',
    ratio: () => synthRatio({ isCold: false, isValidated: true, rounds: 3 }),
  },
  {
    name: 'synth-unchanged-unvalidated',
    peer: 'a NodejsFunction per job',
    target: '≤ 0.08',
    of: 'time to synthesize 50 unchanged jobs in two stacks, validator off in both',
    ratio: () => synthRatio({ isCold: false, isValidated: false, rounds: 3 }),
  },
];

/** In two stacks for both, because CloudFormation refuses more than 500 resources in a stack. */
const jobCount = 50;

async function synthRatio({
  isCold,
  isValidated,
  rounds,
}: {
  isCold: boolean;
  isValidated: boolean;
  rounds: number;
}): Promise<number> {
  const project = await projectWith(jobFiles());
  try {
    const ours = async (): Promise<void> => {
      if (isCold) await rm(join(project, 'node_modules/.cache'), { recursive: true, force: true });
      await synthesize(project, 'bench/twoStacksApp.ts', isValidated);
    };
    return await interleavedRatio(
      ours,
      () => synthesize(project, 'bench/peers/nodejsFunctionApp.ts', isValidated),
      {
        rounds,
        warmUp: 1,
      },
    );
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

/** A quarter of the jobs does nothing, a quarter has a schema, a quarter logs, and a quarter does both. */
function jobFiles(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: jobCount }, (_, index) => [
      `Job${String(index).padStart(2, '0')}.ts`,
      jobSource(index),
    ]),
  );
}

function jobSource(index: number): string {
  const hasSchema = index % 2 === 1;
  const logs = index % 4 >= 2;
  return [
    ...(hasSchema ? ["import * as z from 'zod/mini';"] : []),
    "import { defineJob } from '../job/index.ts';",
    'export default defineJob({',
    ...(hasSchema ? [`  payload: z.object({ id: z.string(), number${index}: z.number() }),`] : []),
    `  async run(payload, { log }) { ${logs ? `log.info('job ${index}', { payload });` : `return ${index};`} },`,
    '});',
  ].join('\n');
}

async function synthesize(project: string, app: string, isValidated: boolean): Promise<void> {
  const output = await mkdtemp(join(tmpdir(), 'serverless-jobs-cdk-out-'));
  const { context } = JSON.parse(await readFile(join(project, 'cdk.json'), 'utf8')) as { context: object };
  const child = spawn(process.execPath, [app], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      CDK_OUTDIR: output,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_VALIDATION: String(isValidated),
    },
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  await rm(output, { recursive: true, force: true });
  if (code !== 0) throw new Error(`${app} ended with ${code}: ${errors}`);
}
