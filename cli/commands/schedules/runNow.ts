import { Command } from 'commander';
import { addTargetOptions } from '../../options.ts';
import type { TargetOptions } from '../../target.ts';

export function runNowCommand(): Command {
  const command = new Command('run-now')
    .description('Publishes what a recurring schedule publishes, at once and as a job of its own.')
    .argument('<name>', "the schedule's name, as list shows it")
    .option('--json', 'print the result as JSON');
  return addTargetOptions(command).action(run);
}

interface RunNowOptions extends TargetOptions {
  readonly json?: boolean;
}

async function run(name: string, options: RunNowOptions): Promise<void> {
  const [{ withSchedules }, { runNow }] = await Promise.all([
    import('../../schedules/session.ts'),
    import('../../schedules/runNow.ts'),
  ]);
  await withSchedules('run-now', options, (session) => runNow(session, name, options));
}
