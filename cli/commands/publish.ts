import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Command } from 'commander';
import type { AnyJob, Delayed, Duration, JobHandle, Published, Publisher } from '../../src/index.ts';
import { type Bar, startBar } from '../bar.ts';
import { givenPath } from '../givenPath.ts';
import { jobLookup } from '../jobFiles.ts';
import { addTargetOptions } from '../options.ts';
import { CommandError, exitCodes, onInterrupt } from '../outcome.ts';
import { type AnyJobs, publishLines } from '../publishLines.ts';
import { jsonOf, Report } from '../report.ts';
import { findTarget, type Target, type TargetOptions } from '../target.ts';
import { shellWord } from '../text.ts';
import { checkCanWait, checkTimeout, waitForResult } from '../waitForResult.ts';
import { untilText, type WhenOptions, whenOf } from '../when.ts';

export function publishCommand(): Command {
  const command = new Command('publish')
    .description(
      'Publishes a job, or one for each line of a file. Payloads are checked by the schemas in src/jobs.',
    )
    .argument('[jobName]', 'the name of a file in src/jobs; without it each line of --file says its own')
    .argument('[payload]', 'JSON, or - for JSON Lines from standard input')
    .option('--file <path>', 'JSON Lines to publish, a payload a line; - for standard input')
    .option('--job-id <id>', "the job's ID, for a single one; made when left out")
    .option('--group <id>', 'whose job it is, such as a tenant, for fair queues')
    .option('--delay <duration>', 'publish it that much later, such as 10m or 30d')
    .option('--at <instant>', 'publish it then, such as 2026-12-24T18:00:00+01:00')
    .option('--wait', 'wait for a single job that tracks: show its progress, print its result')
    .option('--timeout <duration>', 'the longest to --wait, such as 90s or 2h (default: 5m)')
    .option('--force', 'publish what src/jobs does not know or would refuse')
    .option('--json', 'print results as JSON, a line each');
  return addTargetOptions(command).addHelpText('after', examples).action(publish);
}

const examples = `
Examples:
  npm run jobs -- publish GreetingJob '{"friendName":"Hank"}'
  npm run jobs -- publish GreetingJob '{"friendName":"Hank"}' --job-id order-7 --stack jobs-dev
  npm run jobs -- publish GreetingJob '{"friendName":"Hank"}' --delay 10m
  npm run jobs -- publish DocumentJob '{"upload":"uploads/…"}' --wait --timeout 10m
  npm run jobs -- publish GreetingJob --file friends.jsonl     a line: {"friendName":"Hank"}
  npm run jobs -- publish --file jobs.jsonl                    a line: {"jobName":"GreetingJob","payload":{"friendName":"Hank"}}
  cat friends.jsonl | npm run jobs -- publish GreetingJob -

A line of jobs.jsonl may also have jobId, group, attributes, and delay or at. What is delayed comes within the minute after its
time; schedules list shows it, schedules cancel takes it back. Payloads too large for a message go through the files bucket,
up to 16 MiB. With --wait the exit code is 1 when the job is dead, cancelled, or has not ended in time; it may still then.`;

interface PublishOptions extends TargetOptions, WhenOptions {
  readonly file?: string;
  readonly jobId?: string;
  readonly group?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

async function publish(
  first: string | undefined,
  second: string | undefined,
  options: PublishOptions,
): Promise<void> {
  const { jobName, payload, file } = readArguments(first, second, options);
  const value = payload === undefined ? undefined : parsePayload(payload);
  whenOf(options);
  const target = await findTarget(options);
  process.exitCode =
    file === undefined
      ? await publishOne(target, jobName ?? '', value, options)
      : await publishFile(target, jobName, file, options);
}

/** Sorts out `publish Job '{…}'`, `publish Job -`, `publish -` and `publish [Job] --file PATH`. */
function readArguments(
  first: string | undefined,
  second: string | undefined,
  { file, jobId, wait = false, timeout }: PublishOptions,
) {
  const dash = second === '-' || (first === '-' && second === undefined);
  const jobName = first === '-' ? undefined : first;
  const payload = dash ? undefined : second;
  const path = dash ? '-' : file;
  if (dash && file !== undefined)
    throw new CommandError('- and --file both say what to read: give one of them');
  if (payload !== undefined && path !== undefined)
    throw new CommandError('give a payload or --file, not both');
  if (payload === undefined && path === undefined) {
    throw new CommandError(
      `nothing to publish: give a payload, such as publish GreetingJob '{"friendName":"Hank"}', or --file PATH`,
    );
  }
  if (path !== undefined && jobId !== undefined) {
    throw new CommandError(
      '--job-id is for a single job: give lines their own, {"jobName":…,"payload":…,"jobId":…}',
    );
  }
  if (path !== undefined && wait)
    throw new CommandError('--wait is for a single job: give it as an argument');
  checkTimeout(timeout, wait);
  return { jobName, payload, file: path };
}

function parsePayload(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new CommandError(
      `the payload is not JSON: ${reason}. Quote it for the shell: '{"friendName":"Hank"}'`,
      { cause },
    );
  }
}

async function publishOne(
  target: Target,
  jobName: string,
  payload: unknown,
  options: PublishOptions,
): Promise<number> {
  const { jobId: givenId, group, wait = false, force = false, json = false } = options;
  const job = await jobLookup(target, force)(jobName);
  if (wait) checkCanWait(target, jobName, job);
  const publisher = await publisherFor(target);
  try {
    const given = { jobId: givenId, group, ...whenOf(options) };
    const published: JobHandle & (Published | Delayed) = await publisher.publish<string | AnyJob>(
      job,
      payload,
      given as { delay: Duration },
    );
    print(published, jobName, target, json);
    if (!wait) return exitCodes.done;
    const timeout = options.timeout as Duration | undefined;
    return await waitForResult(published, { jobName, target, stack: options.stack, json, timeout });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (json) console.log(jsonOf({ jobName, jobId: givenId, outcome: { error } }));
    else console.error(`not published: ${error.message}`);
    return exitCodes.failed;
  }
}

function print(published: Published | Delayed, jobName: string, { speed }: Target, json: boolean): void {
  const { jobId, messageId } = published;
  if (messageId !== undefined) {
    const text = `published ${jobName} ${jobId} (message ${messageId})`;
    console.log(json ? jsonOf({ jobName, jobId, outcome: { messageId } }) : text);
  } else if ('at' in published) {
    const { at } = published;
    const text = `delayed ${jobName} ${jobId} until ${untilText(at, speed)}`;
    console.log(json ? jsonOf({ jobName, jobId, outcome: { at } }) : text);
  }
}

async function publishFile(
  target: Target,
  jobName: string | undefined,
  file: string,
  options: PublishOptions,
): Promise<number> {
  const { group, force = false, json = false } = options;
  const lookup = jobLookup(target, force);
  if (jobName !== undefined) await lookup(jobName);
  const { input, bytes, bytesRead } = await openInput(file);
  const report = new Report({ json });
  using bar = startPublishBar(bytes);
  using interrupt = onInterrupt('publishing the lines in hand');
  const { signal } = interrupt;
  try {
    const lines = { jobName, group, when: whenOf(options), signal };
    for await (const result of publishLines(await publisherFor(target), input, lookup, lines)) {
      report.add(result);
      const { published, failed } = report;
      bar.update(bytes === undefined ? 0 : bytesRead(), { published, failed });
    }
  } finally {
    bar[Symbol.dispose]();
    report.print(target.name);
  }
  if (!signal.aborted) return report.failed > 0 ? exitCodes.failed : exitCodes.done;
  const { nextLine } = report;
  const how =
    file === '-' ? '' : `, such as by tail -n +${nextLine} ${shellWord(file)} | … with - in place of --file`;
  console.error(`interrupted before line ${nextLine}: go on from there${how}`);
  return exitCodes.interrupted;
}

/** Where the size is unknown, the bar only counts. */
function startPublishBar(bytes: number | undefined): Bar {
  const counts = '{published} published, {failed} failed';
  const format =
    bytes === undefined ? `publishing: ${counts}` : `publishing |{bar}| {percentage}% | ${counts}`;
  return startBar(format, bytes ?? 0, { published: 0, failed: 0 });
}

/** Its size, where it has one, is the measure of the progress. */
async function openInput(
  file: string,
): Promise<{ input: Readable; bytes: number | undefined; bytesRead(): number }> {
  if (file === '-') return { input: process.stdin, bytes: undefined, bytesRead: () => 0 };
  const handle = await open(givenPath(file)).catch((cause: Error) => {
    throw new CommandError(`cannot read ${file}: ${cause.message}`, { cause });
  });
  const stat = await handle.stat();
  if (stat.isDirectory()) {
    await handle.close();
    throw new CommandError(`cannot read ${file}: it is a directory. Give a file of JSON Lines`);
  }
  const input = handle.createReadStream();
  return { input, bytes: stat.isFile() ? stat.size : undefined, bytesRead: () => input.bytesRead };
}

/** Loads the AWS SDK only now: `--help` and mistakes need not wait for it. */
async function publisherFor({
  topicArn,
  clientConfig,
  apiUrl,
  filesBucket,
}: Target): Promise<Publisher<AnyJobs>> {
  const [{ SNSClient }, { createPublisher }] = await Promise.all([
    import('@aws-sdk/client-sns'),
    import('../../src/index.ts'),
  ]);
  const client = new SNSClient(clientConfig);
  return createPublisher<AnyJobs>({
    topicArn,
    client,
    filesBucket,
    s3: clientConfig,
    apiUrl,
  });
}
