import type { Command } from 'commander';

/**
 * The options of a command that npm took for its own because `--` was left out, as in `npm run jobs publish X '{}' --delay
 * 10m`: npm tells of them in the environment. Where any option has come through, `--` was there.
 */
export function takenByNpm(
  { options }: Command,
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): string[] {
  const isOption = (word: string): boolean => word.startsWith('-') && word !== '-';
  if (env.npm_lifecycle_event !== 'jobs' || words.some(isOption)) return [];
  const names = options.flatMap(({ long }) => long ?? []);
  return names.filter((name) => env[`npm_config_${name.slice(2).replaceAll('-', '_')}`]);
}
