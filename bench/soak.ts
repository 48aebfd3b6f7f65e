import { Command, InvalidArgumentError } from 'commander';
import { startBar } from '../cli/bar.ts';
import { type SoakResult, soak } from './soak/soak.ts';

/** `npm run soak [-- --jobs N --seed S --json]`: exit code 1 when a job is missing, stuck, or not as promised. */
const {
  jobs,
  seed: chosenSeed = Math.floor(Math.random() * 2 ** 31),
  json,
} = new Command('npm run soak --')
  .description(
    'Publishes jobs that end in every way there is, over a failing network, and accounts for each. Exit code 1 when one is missing, stuck, or not as promised.',
  )
  .option('--jobs <number>', 'how many, 1 to 1000000', wholeNumber(1_000_000), 20_000)
  .option(
    '--seed <number>',
    'what happens; the same seed, the same jobs (default: any)',
    wholeNumber(2 ** 31 - 1),
  )
  .option('--json', 'print the account as JSON')
  .allowExcessArguments(false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse()
  .opts<{ readonly jobs: number; readonly seed?: number; readonly json?: boolean }>();

// An exit removes the platform's sandboxes and the temporary directory, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

process.stderr.write(`${jobs} jobs, seed ${chosenSeed}\n`);
const bar = startBar(
  'soaking |{bar}| {percentage}% | {published} published, {settled} with a fate | {duration_formatted}',
  jobs,
  { published: 0, settled: 0 },
);
const result = await soak({
  jobs,
  seed: chosenSeed,
  onProgress: ({ published, settled }) => bar.update(settled, { published, settled }),
}).finally(() => bar[Symbol.dispose]());
print(result);

function print(result: SoakResult): void {
  const { failures, rerun, rssMegabytesAtThirds, peakRssMegabytes, seconds, seed, ...counts } = result;
  for (const failure of failures.slice(0, 20)) process.stderr.write(`${failure}\n`);
  if (failures.length > 20) process.stderr.write(`… and ${failures.length - 20} more\n`);
  if (rerun > 0) {
    process.stderr.write(
      `${rerun} idempotent jobs ran again after the first effect could not be remembered\n`,
    );
  }
  const rss = rssMegabytesAtThirds.join(', ');
  process.stderr.write(`${seconds} s; ${rss} MB resident at the thirds, ${peakRssMegabytes} MB at most\n`);
  if (json) console.log(JSON.stringify({ ...counts, seed, seconds, peakRssMegabytes }));
  else console.table(counts);
  if (failures.length > 0 || counts.missing > 0 || counts.stuck > 0) process.exitCode = 1;
}

function wholeNumber(max: number): (given: string) => number {
  return (given) => {
    const value = Number(given);
    if (given.trim() !== '' && Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new InvalidArgumentError(`It takes a whole number from 1 to ${max}.`);
  };
}
