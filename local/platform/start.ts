import { startConsole } from '../console/server.ts';
import { explanation } from './explanation.ts';
import { greeting } from './greeting.ts';
import { aborted, awaitInterruption } from './interruption.ts';
import { type Platform, startPlatform } from './platform.ts';
import { refuseIfRunning } from './platformFile.ts';
import { removeOldAssemblies, type SynthOptions, synthesize } from './synth.ts';
import { Terminal, wantsColour } from './terminal.ts';
import type { PlatformEvent } from './view.ts';
import { watchProject } from './watch.ts';

export interface StartOptions extends SynthOptions {
  readonly port: number;
  readonly consolePort: number;
  readonly apiPort: number;
  readonly speed: number;
}

/** Anything that is up and comes down again, in the reverse order of coming up. */
type Stop = () => Promise<void>;

/**
 * `npm start`: synthesizes, runs the platform with its console, watches the sources, and prints what happens until
 * SIGINT, SIGTERM or SIGHUP. A second signal ends at once. Resolves to the process's exit code.
 */
export async function start(options: StartOptions): Promise<number> {
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const terminal = new Terminal(wantsColour(process.stdout, process.env));
  const onWarning = (text: string) => print(terminal.warning(text));
  const stops: Stop[] = [];
  const interruption = awaitInterruption();
  try {
    await refuseIfRunning(options.stateDirectory);
    print(terminal.timed('Synthesizing …'));
    const { assemblyDirectory, output } = await synthesize({ ...options, signal: interruption });
    if (output) print(output);
    const console = await startConsole({ port: options.consolePort, onWarning }); // its port is sure before a job runs
    stops.push(() => console.stop());
    const platform = await startPlatform({
      ...options,
      assemblyDirectory,
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
    print(greeting(await platform.snapshot()));
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

/** Prints events. What does not run as on AWS is printed at first, and again when an edit changes it. */
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
