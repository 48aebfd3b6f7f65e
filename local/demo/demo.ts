import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { localCredentials } from '../aws/isolatedAws.ts';
import { awaitInterruption, explanation, outliveClosedPipes } from '../platform/commandEnd.ts';
import { type Platform, startPlatform } from '../platform/platform.ts';
import { refuseIfRunning } from '../platform/platformFile.ts';
import { removeOldAssemblies, synthesize } from '../platform/synth.ts';
import type { PlatformEvent } from '../platform/view.ts';
import { type CliOptions, cliCommand, runCli } from './cli.ts';
import {
  alarmed,
  checkNeededJobs,
  DemoJobsError,
  type DemoMessage,
  delayed,
  demoMessages,
  recurring,
} from './messages.ts';
import { type Tracked, type Tracker, track } from './tracker.ts';
import { fateTable, startView, type View } from './view.ts';

interface DemoOptions {
  readonly projectDirectory: string;
  /** `.local`, as for `npm start`. The demo refuses to run beside a platform that already uses it. */
  readonly stateDirectory: string;
  readonly output: NodeJS.WriteStream;
  /** How much faster time runs. */
  readonly speed: number;
  /** The demo ends after this time, whatever has happened. */
  readonly timeoutMs: number;
}

/**
 * Shows the main path from nothing: synthesizes the template, runs it, publishes messages of each kind with the plain AWS
 * SDK and a delayed one with the CLI, watches where they and the recurring job end, mends the dead letter, and stops. A
 * SIGINT, SIGTERM or SIGHUP stops it earlier, a second signal at once.
 * @returns the exit code: 0 only if every message ended as expected, the job recurred, and the alarm e-mail came
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  outliveClosedPipes();
  const interruption = awaitInterruption();
  try {
    return (await play(options, interruption)) ? 0 : 1;
  } catch (error) {
    process.stderr.write(interruption.aborted ? 'The demo was stopped.\n' : `${told(error)}\n`);
    return 1;
  }
}

/** Says which jobs the demo misses; explains any other error as `npm start` does. */
function told(error: unknown): string {
  return error instanceof DemoJobsError ? error.message : explanation(error);
}

async function play(options: DemoOptions, signal: AbortSignal): Promise<boolean> {
  const print = (text: string): void => void options.output.write(`${text}\n`);
  await refuseIfRunning(options.stateDirectory);
  print('Synthesizing the CDK app …');
  const { assemblyDirectory } = await synthesize({ ...options, signal });
  const events: PlatformEvent[] = [];
  let hear = (event: PlatformEvent): unknown => events.push(event);
  const platform = await startPlatform({
    ...options,
    assemblyDirectory,
    port: 0,
    onEvent: (event) => hear(event),
  });
  try {
    await removeOldAssemblies(options.stateDirectory, platform.codeDirectories());
    checkNeededJobs((await platform.snapshot()).jobs.map(({ name }) => name));
    print(await introduction(platform));
    const cli = { ...options, print, signal };
    const later = await publishLater(cli);
    const tracker = track([...(await publishAll(platform)), later, recurs]);
    print('');
    for (const event of events) tracker.hear(event);
    hear = tracker.hear;
    const watching: Watching = { platform, tracker, view: startView(options.output), ...options, signal };
    await watch(watching, tracker.messages);
    print(conclusion(tracker));
    return isAsExpected(tracker) && (await mend(watching, cli));
  } finally {
    await platform.stop();
  }
}

async function introduction(platform: Platform): Promise<string> {
  const { jobs, topicArn } = await platform.snapshot();
  return [
    `The template runs at ${platform.endpoint}: ${jobs.map(({ name }) => name).join(', ')} behind ${topicArn}`,
    `Time runs ${platform.speed} times as fast: a retry delay of 30 s takes ${Math.max(30 / platform.speed, 1)} s.`,
  ].join('\n');
}

async function publishAll(platform: Platform): Promise<TrackedMessage[]> {
  const { topicArn } = await platform.snapshot();
  const { endpoint, region } = platform;
  const client = new SNSClient({ endpoint, region, credentials: localCredentials });
  try {
    return await Promise.all(
      demoMessages.map(async (message, index) => {
        const jobId = `demo-${index + 1}`;
        const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
        await client.send(
          new PublishCommand({
            TopicArn: topicArn,
            Message: JSON.stringify(message.payload),
            MessageAttributes: { jobName: attribute(message.jobName), jobId: attribute(jobId) },
          }),
        );
        return { ...message, jobId };
      }),
    );
  } finally {
    client.destroy();
  }
}

/** Publishes with the CLI, as a person would: with a delay of two minutes, which take two seconds at this speed. */
async function publishLater(cli: CliOptions): Promise<TrackedMessage> {
  const { jobName, payload, jobId, delay } = delayed;
  const words = ['publish', jobName, JSON.stringify(payload), '--delay', delay, '--job-id', jobId];
  await runCli(cliCommand(words), cli);
  return { jobName, payload, jobId, comes: `in ${delay}`, expected: 'succeeded' };
}

type TrackedMessage = DemoMessage & { readonly jobId: string };

/** The job that has recurred since the platform started. */
const recurs: TrackedMessage = {
  jobName: recurring.jobName,
  payload: recurring.payload,
  jobId: recurring.schedule,
  comes: 'by its schedule',
  expected: 'succeeded',
};

/** What is needed to watch messages until they end. */
interface Watching {
  readonly platform: Platform;
  readonly tracker: Tracker;
  readonly view: View;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

async function watch(
  { platform, tracker, view, timeoutMs, signal }: Watching,
  messages: readonly Tracked[],
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    await tracker.look(platform);
    view.update(messages, messages === tracker.messages ? noteOf(tracker) : undefined);
    if (tracker.isDone() || performance.now() > endMs) return view.settle();
    await sleep(100, undefined, { signal });
  }
}

function noteOf(tracker: Tracker): string {
  const mail = tracker.alarmMail();
  return mail ? `✓ the alarm e-mail has come: ${mail.subject}` : '… waiting for the alarm e-mail';
}

/** Types what the reader of the alarm e-mail would type: shows the dead letter, mends its payload and sends it back. */
async function mend(watching: Watching, cli: CliOptions): Promise<boolean> {
  const { tracker } = watching;
  const dead = tracker.messages.find(
    (message) => message.jobName === alarmed.jobName && message.fate === 'dead letter',
  );
  if (dead === undefined) return false;
  const { jobName, jobId } = dead;
  const { mendedPayload } = alarmed;
  await runCli(cliCommand(['dlq', 'show', jobName, '--id', jobId]), cli);
  tracker.reopen(dead, mendedPayload);
  const payload = JSON.stringify(mendedPayload);
  await runCli(cliCommand(['dlq', 'edit', jobName, '--id', jobId, '--payload', payload]), cli);
  cli.print('');
  await watch(watching, [dead]);
  const isMended = dead.fate === dead.expected;
  const ending = isMended
    ? 'succeeded after its payload was mended.'
    : `did not succeed although its payload was mended: ${dead.state}.`;
  cli.print(`\n${isMended ? '✓' : '✗'} ${jobName} ${jobId} ${ending}`);
  return isMended;
}

function conclusion(tracker: Tracker): string {
  const mail = tracker.alarmMail();
  const lines = ['', fateTable(tracker.messages), ''];
  if (mail === undefined) return [...lines, 'The alarm e-mail did not come.'].join('\n');
  const text = mail.text.trim().split('\n').slice(0, 6).flatMap(wrapped);
  return [
    ...lines,
    `The alarm e-mail, ${relative('.', mail.file)}:`,
    `  ${mail.subject}`,
    ...text.map((line) => `  │ ${line}`),
  ].join('\n');
}

/** Breaks a line to the width of a terminal. */
function wrapped(line: string): string[] {
  return line.match(/.{1,104}(?:\s|$)|\S+/g) ?? [''];
}

function isAsExpected(tracker: Tracker): boolean {
  return tracker.isDone() && tracker.messages.every(({ fate, expected }) => fate === expected);
}
