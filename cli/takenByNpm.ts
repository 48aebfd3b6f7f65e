import type { Command } from 'commander';

/**
 * The options of a command that npm took for its own because `--` was left out, as in `npm run jobs publish X '{}' --delay
 * 10m`: npm tells of them in the environment. Where any option has come through, `--` was there. Otherwise nothing tells
 * them from what .npmrc or the environment set: npm passes on neither its command line nor where a value came from.
 */
export function takenByNpm(
  { options }: Command,
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): string[] {
  const isOption = (word: string): boolean => word.startsWith('-') && word !== '-';
  if (env.npm_lifecycle_event !== 'jobs' || words.some(isOption)) return [];
  const names = options.flatMap(({ long }) => long ?? []);
  return names.filter((name) => env[variableOf(name)]);
}

/** What went wrong and how to go on: whether `--` was left out, or was there and npm is told the options elsewhere. */
export function takenText(taken: readonly string[], command: string): string {
  const variables = taken.map(variableOf).join(', ');
  const unset = taken.map((name) => `--no-${name.slice(2)}`).join(' ');
  return (
    `npm took ${taken.join(', ')} for itself: write -- before the command, npm run jobs -- ${command} … ` +
    `If it is there, npm has that from .npmrc or the environment (${variables}): npm run jobs ${unset} -- ${command} …`
  );
}

function variableOf(option: string): string {
  return `npm_config_${option.slice(2).replaceAll('-', '_')}`;
}
