import { SNSClient } from '@aws-sdk/client-sns';
import {
  type AnyJob,
  createPublisher,
  type Delayed,
  type Duration,
  type JobHandle,
  type Published,
  type Publisher,
} from '../../src/index.ts';
import { jobLookup } from '../jobFiles.ts';
import { CommandError, type End, exitCodes } from '../outcome.ts';
import { findTarget, type Target, type TargetOptions } from '../target.ts';
import { untilText, type WhenOptions, whenOf } from '../when.ts';
import { type Destination, jsonOf, publishFile } from './file.ts';
import type { AnyJobs } from './lines.ts';
import { checkCanWait, checkTimeout, waitForResult } from './wait.ts';

export interface PublishOptions extends TargetOptions, WhenOptions {
  readonly file?: string;
  readonly jobId?: string;
  readonly group?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export async function publish(
  first: string | undefined,
  second: string | undefined,
  options: PublishOptions,
): Promise<void> {
  const { jobName, payload, file } = readArguments(first, second, options);
  const value = payload === undefined ? undefined : parsePayload(payload);
  whenOf(options);
  const target = await findTarget(options);
  const to = { target, publisher: publisherFor(target) };
  const end =
    file === undefined
      ? await publishOne(to, jobName ?? '', value, options)
      : await publishFile(to, jobName, file, options);
  process.exitCode = exitCodes[end];
}

/**
 * Tells `publish Job '{…}'`, `publish Job -`, `publish -` and `publish [Job] --file PATH` apart.
 * @throws {CommandError} when the arguments and options do not fit together
 */
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
  { target, publisher }: Destination,
  jobName: string,
  payload: unknown,
  options: PublishOptions,
): Promise<End> {
  const { jobId: givenId, group, wait = false, force = false, json = false } = options;
  const job = await jobLookup(target, force)(jobName);
  if (wait) checkCanWait(target, jobName, job);
  try {
    const given = { jobId: givenId, group, ...whenOf(options) };
    const published: JobHandle & (Published | Delayed) = await publisher.publish<string | AnyJob>(
      job,
      payload,
      given as { delay: Duration },
    );
    print(published, jobName, target, json);
    if (!wait) return 'done';
    const timeout = options.timeout as Duration | undefined;
    return await waitForResult(published, { jobName, target, stack: options.stack, json, timeout });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (json) console.log(jsonOf({ jobName, jobId: givenId, outcome: { error } }));
    else console.error(`not published: ${error.message}`);
    return 'failed';
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

function publisherFor({ topicArn, clientConfig, apiUrl, filesBucket }: Target): Publisher<AnyJobs> {
  const client = new SNSClient(clientConfig);
  return createPublisher<AnyJobs>({ topicArn, client, filesBucket, s3: clientConfig, apiUrl });
}
