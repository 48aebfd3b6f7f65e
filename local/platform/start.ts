import { startConsole } from '../console/server.ts';
import { aborted, awaitInterruption, explanation } from './commandEnd.ts';
import { checkInspected, inspectorLine } from './inspect.ts';
import { readLocalVariables } from './localVariables.ts';
import { type Platform, startPlatform } from './platform.ts';
import { refuseIfRunning } from './platformFile.ts';
import { removeOldAssemblies, type SynthOptions, synthesize } from './synth.ts';
import { Terminal, wantsColour } from './terminal.ts';
import type { PlatformEvent, PlatformSnapshot } from './view.ts';
import { watchProject } from './watch.ts';

interface StartOptions extends SynthOptions {
  readonly port: number;
  readonly consolePort: number;
  readonly apiPort: number;
  readonly speed: number;
  /** The name of the job to debug. Default: none. */
  readonly inspect?: string | undefined;
}

/** Stops something that was started. Stops are called in the reverse order. */
type Stop = () => Promise<void>;

/**
 * Does what `npm start` does: synthesizes, runs the platform with its console, watches the sources, and prints what
 * happens, until SIGINT, SIGTERM or SIGHUP. A second signal ends the process at once.
 * @returns the exit code
 */
export async function start(options: StartOptions): Promise<number> {
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const terminal = new Terminal(wantsColour(process.stdout, process.env));
  const onWarning = (text: string) => print(terminal.warning(text));
  const stops: Stop[] = [];
  const interruption = awaitInterruption();
  try {
    await refuseIfRunning(options.stateDirectory);
    const localVariables = await readLocalVariables(options.projectDirectory);
    print(terminal.timed('Synthesizing …'));
    const { assemblyDirectory, output } = await synthesize({ ...options, signal: interruption });
    if (output) print(output);
    if (options.inspect !== undefined) await checkInspected(options.inspect, assemblyDirectory);
    const console = await startConsole({ port: options.consolePort, onWarning }); // takes its port before a job runs
    stops.push(() => console.stop());
    const platform = await startPlatform({
      ...options,
      assemblyDirectory,
      localVariables,
      onEvent: printer(terminal, print),
    });
    stops.push(() => platform.stop());
    await console.show(platform);
    await platform.announceConsole(console.url);
    const watching = await watchProject({
      projectDirectory: options.projectDirectory,
      onChange: (outdated) => reload(platform, { ...options, signal: outdated }, print),
      onWarning,
    });
    stops.push(() => watching.stop());
    await removeOldAssemblies(options.stateDirectory, platform.codeDirectories());
    print(greeting(await platform.snapshot(), options.inspect));
    await aborted(interruption);
    print(terminal.timed(farewell(platform)));
    return 0;
  } catch (error) {
    if (interruption.aborted && error === interruption.reason) return 0;
    process.stderr.write(`${explanation(error)}\n`);
    return 1;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function reload(
  platform: Platform,
  options: SynthOptions,
  print: (text: string) => void,
): Promise<void> {
  try {
    const { assemblyDirectory, output } = await synthesize(options);
    if (output) print(output);
    await platform.apply(assemblyDirectory);
    await removeOldAssemblies(options.stateDirectory, platform.codeDirectories());
  } catch (error) {
    if (options.signal?.aborted) return;
    print(`${explanation(error)}\nThe version before runs on.`);
  }
}

/** Prints events. Prints what does not run as on AWS at the start, and again when an edit changes it. */
function printer(terminal: Terminal, print: (text: string) => void): (event: PlatformEvent) => void {
  let problems: string | undefined;
  return (event) => {
    const text = terminal.event(event);
    if (text !== undefined) print(text);
    if (event.type !== 'apply') return;
    const unheeded = terminal.notEvaluated(event.result);
    if (problems === undefined && unheeded !== '') print(unheeded);
    const now = terminal.problems(event.result);
    if (now !== problems && now !== '') print(now);
    problems = now;
  };
}

function farewell(platform: Platform): string {
  const { count, atMostMs } = platform.inFlight();
  if (count === 0) return 'Stopping (Ctrl-C again ends it at once) …';
  const what = count === 1 ? 'what is in flight finishes' : `the ${count} in flight finish`;
  return `Stopping; ${what}, in ${Math.ceil(atMostMs / 1_000)} s at most (Ctrl-C again ends it at once) …`;
}

/** The text that `npm start` prints when it is ready: how to publish, and where everything is. */
export function greeting(platform: PlatformSnapshot, inspect?: string): string {
  const { endpoint, region, speed, topicArn, jobs, consoleUrl, apiUrl } = platform;
  const pace = speed === 1 ? '' : `, time runs ${speed} times as fast`;
  const names = jobs.map(({ name }) => name);
  return [
    '',
    ...(names.length === 0 ? [firstJob] : publishing(platform, names)),
    '',
    `Serving ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}${names.length === 0 ? '' : `: ${names.join(', ')}`}`,
    `  endpoint   ${endpoint} (region ${region}, any credentials)${pace}`,
    `  topic      ${topicArn ?? 'none'}`,
    ...(apiUrl === undefined ? [] : [`  API        ${apiUrl} (upload a file: ${apiUrl}/pages/upload)`]),
    ...(consoleUrl === undefined ? [] : [`  console    ${consoleUrl}`]),
    ...(inspect === undefined ? [] : [inspectorLine(inspect)]),
    'Edits in src/, lib/, bin/ and cdk.json are applied as you save, an edit of .env.local at the next start. Ctrl-C stops.',
    '',
  ].join('\n');
}

const firstJob =
  'There is no job to publish to yet: add a file to src/jobs, as README.md shows, and it runs as you save.';

function publishing(
  { endpoint, region, topicArn }: PlatformSnapshot,
  [first = '', ...others]: readonly string[],
): string[] {
  const isSampleThere = [first, ...others].includes('GreetingJob');
  const example = isSampleThere ? `GreetingJob '{"friendName":"Hank"}'` : `${first} '{ … }'`;
  const credentials = 'AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x';
  return [
    'Publish with',
    `  npm run jobs -- publish ${example}`,
    'or any AWS SDK, or the AWS CLI (version 1 needs --endpoint-url besides), after',
    // Python's SDK and the CLI read AWS_DEFAULT_REGION, the other SDKs AWS_REGION.
    `  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region} AWS_DEFAULT_REGION=${region} ${credentials} TOPIC_ARN=${topicArn}`,
  ];
}
