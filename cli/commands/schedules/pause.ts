import { Command } from 'commander';
import { addTargetOptions } from '../../options.ts';
import type { TargetOptions } from '../../target.ts';

export function pauseCommand(): Command {
  const command = new Command('pause')
    .description('Stops a recurring schedule from firing, until it is resumed or deployed with a change.')
    .argument('<name>', "the schedule's name, as list shows it");
  return addTargetOptions(command).action(pause);
}

export function resumeCommand(): Command {
  const command = new Command('resume')
    .description('Lets a recurring schedule fire again. What it missed does not come.')
    .argument('<name>', "the schedule's name, as list shows it");
  return addTargetOptions(command).action(resume);
}

async function pause(name: string, options: TargetOptions): Promise<void> {
  const { withSchedules, setState } = await work();
  await withSchedules('pause', options, (session) => setState(session, name, 'DISABLED'));
}

async function resume(name: string, options: TargetOptions): Promise<void> {
  const { withSchedules, setState } = await work();
  await withSchedules('resume', options, (session) => setState(session, name, 'ENABLED'));
}

async function work() {
  const [{ withSchedules }, { setState }] = await Promise.all([
    import('../../schedules/session.ts'),
    import('../../schedules/setState.ts'),
  ]);
  return { withSchedules, setState };
}
