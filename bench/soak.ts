import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import { type SoakResult, soak } from './soak/soak.ts';

/** `npm run soak [-- --jobs N --seed S --json]`: exit code 1 when a job is missing, stuck, or not as promised. */
const { values } = parseArgs({
  options: { jobs: { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean' } },
});
const jobs = wholeNumber('--jobs', values.jobs, 20_000, 1_000_000);
const seed = wholeNumber('--seed', values.seed, Math.floor(Math.random() * 2 ** 31), 2 ** 31 - 1);

// So that the platform's sandboxes and the temporary directory go, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

if (jobs !== undefined && seed !== undefined) {
  process.stderr.write(`${jobs} jobs, seed ${seed}\n`);
  const bar = new cliProgress.SingleBar({
    format:
      'soaking |{bar}| {percentage}% | {published} published, {settled} with a fate | {duration_formatted}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(jobs, 0, { published: 0, settled: 0 });
  const result = await soak({
    jobs,
    seed,
    onProgress: ({ published, settled }) => bar.update(settled, { published, settled }),
  }).finally(() => bar.stop());
  print(result);
}

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
  if (values.json) console.log(JSON.stringify({ ...counts, seed, seconds, peakRssMegabytes }));
  else console.table(counts);
  if (failures.length > 0 || counts.missing > 0 || counts.stuck > 0) process.exitCode = 1;
}

function wholeNumber(
  option: string,
  given: string | undefined,
  byDefault: number,
  max: number,
): number | undefined {
  const number = given === undefined ? byDefault : Number(given);
  if (Number.isInteger(number) && number >= 1 && number <= max) return number;
  process.stderr.write(`${option} takes a whole number from 1 to ${max}, was ${JSON.stringify(given)}\n`);
  process.exitCode = 2;
  return undefined;
}
