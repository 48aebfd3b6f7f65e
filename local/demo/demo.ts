import { relative } from 'node:path';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { type Platform, startPlatform } from '../platform.ts';
import type { PlatformEvent } from '../platformView.ts';
import { removeOldAssemblies, synthesize } from '../synth.ts';
import { cliCommand, runCli } from './cli.ts';
import { mendingOf } from './mend.ts';
import { alarmed, type DemoMessage, delayed, demoMessages, recurring } from './messages.ts';
import { type Tracker, track } from './tracker.ts';
import { fateTable, startView } from './view.ts';

export interface DemoOptions {
  readonly projectDirectory: string;
  /** `.local`, as `npm start`: a platform that runs there already is refused. */
  readonly stateDirectory: string;
  readonly output: NodeJS.WriteStream;
  /** How much faster time runs. */
  readonly speed: number;
  /** After that long the demo ends, whatever has happened. */
  readonly timeoutMs: number;
}

/**
 * The main path, from nothing: synthesizes the template, runs it, publishes a message of each kind with the plain AWS
 * SDK and one for later with the CLI, watches what becomes of them and of the job that recurs, and stops.
 * @returns the exit code: 0 only if every message met its expected fate, the job recurred and the alarm e-mail came
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const print = (text: string): void => void options.output.write(`${text}\n`);
  print('Synthesizing the CDK app …');
  const { assemblyDirectory } = await synthesize(options);
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
    print(await introduction(platform));
    const later = await publishLater({ ...options, print });
    const tracker = track([...(await publishAll(platform)), later, recurs]);
    print('');
    for (const event of events) tracker.hear(event);
    hear = tracker.hear;
    await watch(platform, tracker, options);
    print(conclusion(tracker));
    if (!isAsExpected(tracker)) return 1;
    return (await mend(platform, tracker, options)) ? 0 : 1;
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
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SNSClient({ endpoint, region, credentials });
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

/** As a person would: in two minutes, which the platform's speed makes two seconds. */
async function publishLater(options: Parameters<typeof runCli>[1]): Promise<TrackedMessage> {
  const { jobName, payload, jobId, delay } = delayed;
  const words = ['publish', jobName, JSON.stringify(payload), '--delay', delay, '--job-id', jobId];
  await runCli(cliCommand(words), options);
  return { jobName, payload, jobId, comes: `in ${delay}`, expected: 'succeeded' };
}

type TrackedMessage = DemoMessage & { readonly jobId: string };

/** It has been coming since the platform started. */
const recurs: TrackedMessage = {
  jobName: recurring.jobName,
  payload: recurring.payload,
  jobId: recurring.schedule,
  comes: 'by its schedule',
  expected: 'succeeded',
};

async function watch(
  platform: Platform,
  tracker: Tracker,
  { output, timeoutMs }: DemoOptions,
): Promise<void> {
  const view = startView(output);
  const startedAt = performance.now();
  for (;;) {
    await tracker.look(platform);
    const elapsedMs = performance.now() - startedAt;
    view.update(tracker, elapsedMs);
    if (tracker.isDone() || elapsedMs > timeoutMs) return view.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The second act: what the person who got the e-mail does. */
async function mend(platform: Platform, tracker: Tracker, options: DemoOptions): Promise<boolean> {
  const print = (text: string): void => void options.output.write(`${text}\n`);
  const dead = tracker.messages.find(
    ({ jobName, fate }) => jobName === alarmed.jobName && fate === 'dead letter',
  );
  if (dead === undefined) return false;
  const { look, edit } = mendingOf(dead, alarmed.mendedPayload);
  await runCli(look, { ...options, print });
  tracker.reopen(dead);
  await runCli(edit, { ...options, print });
  print('');
  await watch(platform, tracker, options);
  const isMended = dead.fate === 'succeeded';
  print(
    isMended
      ? `\n✓ ${dead.jobName} ${dead.jobId} succeeded after its payload was mended.`
      : '\n✗ It did not succeed.',
  );
  return isMended;
}

function conclusion(tracker: Tracker): string {
  const mail = tracker.alarmMail();
  const lines = ['', fateTable(tracker), ''];
  if (mail === undefined) return [...lines, 'The alarm e-mail did not come.'].join('\n');
  const text = mail.text.trim().split('\n').slice(0, 6).flatMap(wrapped);
  return [
    ...lines,
    `The alarm e-mail, ${relative('.', mail.file)}:`,
    `  ${mail.subject}`,
    ...text.map((line) => `  │ ${line}`),
  ].join('\n');
}

/** To the width of a terminal. */
function wrapped(line: string): string[] {
  return line.match(/.{1,104}(?:\s|$)|\S+/g) ?? [''];
}

function isAsExpected(tracker: Tracker): boolean {
  return tracker.isDone() && tracker.messages.every(({ fate, expected }) => fate === expected);
}
