import { Command } from 'commander';
import { bundleMeasures } from './bundle.ts';
import { localMeasures } from './localPlatform.ts';
import { holds, type Measure } from './measure.ts';
import { publishMeasures } from './publish.ts';
import { redriveMeasures } from './redrive.ts';
import { startMeasures } from './start.ts';
import { statusMeasures } from './status.ts';
import { synthMeasures } from './synth.ts';
import { workerMeasures } from './worker.ts';
import { wrapperMeasures } from './wrapper.ts';

/** `npm run bench [-- --json] [--only NAME]`: exit code 1 when a target does not hold. */
const all: readonly Measure[] = [
  ...wrapperMeasures,
  ...bundleMeasures,
  ...statusMeasures, // early, because garbage collections take longer after many other measures
  ...publishMeasures,
  ...redriveMeasures,
  ...workerMeasures,
  ...startMeasures,
  ...localMeasures,
  ...synthMeasures,
];
const { json, only } = new Command('npm run bench --')
  .description('Compares this project with its peers. Exit code 1 when a target does not hold.')
  .option('--json', 'print the results as JSON')
  .option('--only <name>', 'run one measure')
  .allowExcessArguments(false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse()
  .opts<{ readonly json?: boolean; readonly only?: string }>();
const chosen = only === undefined ? all : all.filter(({ name }) => name === only);

if (chosen.length === 0) {
  console.error(`There is no measure '${only}'. There are: ${all.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
} else {
  await run(chosen);
}

async function run(measures: readonly Measure[]): Promise<void> {
  const results: { name: string; peer: string; ratio: number; target: string; holds: boolean }[] = [];
  for (const { name, peer, target, of, ratio: measure } of measures) {
    process.stderr.write(`${name} … `);
    const ratio = Math.round((await measure()) * 1000) / 1000;
    const result = { name, peer, ratio, target, holds: holds(ratio, target) };
    process.stderr.write(
      `${ratio} × ${peer} (${of}), target ${target}: ${result.holds ? 'holds' : 'MISSED'}\n`,
    );
    results.push(result);
  }
  if (json) console.log(JSON.stringify(results, null, 2));
  else console.table(results);
  if (results.some((result) => !result.holds)) process.exitCode = 1;
}
