import { Command } from 'commander';
import { lastPart } from '../../../src/names.ts';
import { counted } from '../../counted.ts';
import type { Letter } from '../../dlq/letter.ts';
import type { Session } from '../../dlq/session.ts';
import type { End } from '../../end.ts';
import { oneLine } from '../../oneLine.ts';
import { addTargetOptions, type TargetOptions } from '../../target.ts';
import { wholeNumber } from './wholeNumber.ts';

export function showCommand(): Command {
  const command = new Command('show')
    .description('Shows dead letters: why each died, its payload, its attempts, and where its log is.')
    .argument('<job>', "the job's name, or unrouted or undelivered")
    .option('--limit <n>', 'how many to receive, 1 to 1000', wholeNumber('--limit', 1, 1000), 10)
    .option('--id <jobId>', 'the one with this job ID; looks through the whole queue for it')
    .option('--oldest-first', 'the longest dead first, of those that were received')
    .option('--json', 'print them as JSON');
  return addTargetOptions(command).action(show);
}

interface ShowOptions extends TargetOptions {
  readonly limit: number;
  readonly id?: string;
  readonly oldestFirst?: boolean;
  readonly json?: boolean;
}

async function show(name: string, options: ShowOptions): Promise<void> {
  const { withQueue } = await import('../../dlq/session.ts');
  await withQueue('show', name, options, (session) => showLetters(session, options));
}

async function showLetters(session: Session, options: ShowOptions): Promise<End> {
  const [{ peek }, { onInterrupt }, { letterJson }, { diedAtMs }, { reportUnseen }] = await Promise.all([
    import('../../dlq/peek.ts'),
    import('../../interrupt.ts'),
    import('../../dlq/letterJson.ts'),
    import('../../dlq/letter.ts'),
    import('../../dlq/unseen.ts'),
  ]);
  const offloaded = await offloadedIn(session);
  using interrupt = onInterrupt('giving back what was received');
  const { letters, received } = await peek(session, options, interrupt.signal);
  letters.sort((one, other) => diedAtMs(other) - diedAtMs(one));
  if (options.oldestFirst) letters.reverse();
  if (options.json) {
    const { name } = session.queue;
    const shown: object[] = [];
    for (const letter of letters) shown.push(letterJson(name, letter, await offloaded(letter)));
    console.log(JSON.stringify(shown, undefined, 2));
  }
  await print(session, letters, received, options, offloaded);
  const isInterrupted = interrupt.signal.aborted;
  if (letters.length === 0) await reportUnseen(session, { seen: received, removed: 0, isInterrupted });
  if (isInterrupted) return 'interrupted';
  return letters.length > 0 ? 'done' : 'failed';
}

/** One payload at a time: each may have 16 MiB. */
async function offloadedIn({ target, queue }: Session) {
  const [{ offloadedPayloads }, { isSafetyNet }, { jobNameOf }] = await Promise.all([
    import('../../dlq/offloadedPayloads.ts'),
    import('../../dlq/deadLetterQueue.ts'),
    import('../../dlq/throughTopic.ts'),
  ]);
  const payloads = offloadedPayloads(target);
  return (letter: Letter) => payloads.read(letter, isSafetyNet(queue.name) ? jobNameOf(letter) : queue.name);
}

async function print(
  { target, queue, depth }: Session,
  letters: readonly Letter[],
  received: number,
  { id, json, oldestFirst }: ShowOptions,
  offloaded: Awaited<ReturnType<typeof offloadedIn>>,
): Promise<void> {
  const { letterText } = await import('../../dlq/letterText.ts');
  if (letters.length === 0) {
    const where = `in ${lastPart(queue.queueUrl)}`;
    console.error(
      received === 0
        ? `no dead letter is visible ${where}`
        : `none of ${counted(received, 'dead letter')} ${where} has the ID ${oneLine(id ?? '', 200)}`,
    );
  } else if (!json) {
    const all = Math.max(depth.waiting + depth.inFlight, letters.length);
    // SQS has no order: those are the newest of the queue only where they are all of it.
    const sample = letters.length < all ? ', a sample as SQS handed them out' : '';
    const order = id === undefined ? `${sample}, ${oldestFirst ? 'oldest' : 'newest'} first` : '';
    console.log(`${queue.name}: ${letters.length} of about ${counted(all, 'dead letter')}${order}\n`);
    const texts: string[] = [];
    for (const letter of letters) texts.push(letterText(letter, queue, target, await offloaded(letter)));
    console.log(texts.join('\n\n'));
  }
  if (received > 0) console.error(`\n${receivedNote(received, target.speed === undefined)}`);
}

/** On AWS looking has a price, and who looks should know. */
function receivedNote(received: number, isOnAws: boolean): string {
  const text =
    received === 1
      ? 'Looking received 1 message once and gave it back.'
      : `Looking received ${received.toLocaleString('en')} messages once and gave them back.`;
  return isOnAws
    ? `${text} SQS leaves what was received three times out of the age that the alarm looks at.`
    : text;
}
