import type { Command } from 'commander';

/** The options by which dead letters are chosen, exactly one of them. */
export function addSelectionOptions(command: Command): Command {
  return command
    .option('--all', 'all of them')
    .option('--id <jobId...>', 'the ones with these job IDs')
    .option('--error <name>', 'the ones that died of this error, such as TypeError')
    .option('--older-than <duration>', 'the ones that died longer ago than this, such as 30s, 15m or 2d');
}
