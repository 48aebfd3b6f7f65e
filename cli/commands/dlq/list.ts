import { Command } from 'commander';
import { counted } from '../../counted.ts';
import { lengthOfTime } from '../../lengthOfTime.ts';
import { table } from '../../table.ts';
import { addTargetOptions, type Target, type TargetOptions } from '../../target.ts';

export function listCommand(): Command {
  const command = new Command('list')
    .description('Lists how many dead letters each job has, and how old they are. Receives none of them.')
    .option('--json', 'print the list as JSON');
  return addTargetOptions(command).action(list);
}

interface ListOptions extends TargetOptions {
  readonly json?: boolean;
}

async function list(options: ListOptions): Promise<void> {
  const [{ withTarget }, { listDeadLetterQueues }, { depthOf }] = await Promise.all([
    import('../../dlq/session.ts'),
    import('../../dlq/deadLetterQueue.ts'),
    import('../../dlq/depths.ts'),
  ]);
  await withTarget('list', options, async (target, sqs) => {
    const queues = await listDeadLetterQueues(target, sqs);
    const depths = await Promise.all(queues.map((queue) => depthOf(sqs, queue)));
    const rows = await rowsOf(target, depths);
    if (options.json) console.log(JSON.stringify(rows, undefined, 2));
    else print(target, rows);
    return 'done';
  });
}

/** As `--json` prints it. */
interface Row {
  /** The job's name, or `unrouted` or `undelivered`. */
  readonly name: string;
  readonly queueUrl: string;
  readonly waiting: number;
  readonly inFlight: number;
  /** null for an empty queue, and where CloudWatch has no data yet. */
  readonly oldestAgeSeconds: number | null;
  readonly expiresInSeconds: number | null;
}

async function rowsOf(
  target: Target,
  depths: readonly import('../../dlq/depths.ts').Depth[],
): Promise<Row[]> {
  const { oldestOf } = await import('../../dlq/oldest.ts');
  const oldest = await oldestOf(target, depths).catch((error: Error) => {
    console.error(`ages are not known: ${error.message}. They need cloudwatch:GetMetricData on *`);
    return undefined;
  });
  return depths.map(({ queue, waiting, inFlight }) => {
    const { ageSeconds, expiresInSeconds } = oldest?.get(queue.queueUrl) ?? {};
    return {
      name: queue.name,
      queueUrl: queue.queueUrl,
      waiting,
      inFlight,
      oldestAgeSeconds: whole(ageSeconds),
      expiresInSeconds: whole(expiresInSeconds),
    };
  });
}

function whole(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.floor(seconds);
}

function print(target: Target, rows: readonly Row[]): void {
  const isOnAws = target.speed === undefined;
  const time = (seconds: number | null, bound: string): string =>
    seconds === null ? '?' : `${bound}${lengthOfTime(seconds)}`;
  const cells = rows.map(({ name, waiting, inFlight, oldestAgeSeconds, expiresInSeconds }) => [
    name,
    String(waiting),
    String(inFlight),
    waiting + inFlight === 0 ? '-' : time(oldestAgeSeconds, ''),
    waiting + inFlight === 0 ? '-' : time(expiresInSeconds, isOnAws ? '≤ ' : ''),
  ]);
  console.log(table(['dead letters of', 'waiting', 'in flight', 'oldest', 'expires in'], cells));
  const total = rows.reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0);
  const speed =
    isOnAws || target.speed === 1 ? '' : `, which runs ${target.speed} times as fast; these times are real`;
  console.log(`\n${total === 0 ? 'no dead letters' : counted(total, 'message')} on ${target.name}${speed}`);
}
