import { SNSClient } from '@aws-sdk/client-sns';
import { lastPart } from '../../src/names.ts';
import { type End, onInterrupt } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { counted, oneLine } from '../text.ts';
import type { Letter } from './letter.ts';
import { redriveWhole, refuseWhileMoving } from './moveQueue.ts';
import { type DeadLetterQueue, isSafetyNet, jobNames } from './queues.ts';
import { emptyTally, endOf, nothingSelected, printFailures, startProgress, type Tally } from './report.ts';
import { type Selection, type SelectionOptions, selectionOf } from './selection.ts';
import { sendBack } from './sendBack.ts';
import { sendToQueue } from './sendLetters.ts';
import { type Session, sweptQueue, withQueue } from './session.ts';
import { survey } from './survey.ts';
import { publishToTopic, refusal } from './throughTopic.ts';

interface RedriveOptions extends TargetOptions, SelectionOptions {
  readonly dryRun?: boolean;
  readonly rate?: number;
}

/** SQS itself moves a job's whole queue. In all other cases each message is received, sent and then deleted. */
export async function redrive(name: string, options: RedriveOptions): Promise<void> {
  const selection = selectionOf(options);
  const isWholeQueue = selection.by === 'all' && !isSafetyNet(name);
  await withQueue(isWholeQueue ? 'redrive --all' : 'redrive', name, options, (session) =>
    isWholeQueue ? redriveWhole(session, options) : redriveSelected(session, selection, options),
  );
}

/** Sends a job's selected letters back to its queue, or publishes those of no job to the topic again. */
async function redriveSelected(
  session: Session,
  selection: Selection,
  { dryRun, rate }: RedriveOptions,
): Promise<End> {
  const { target, sqs, queue, depth } = session;
  if (queue.jobQueueUrl !== undefined) await refuseWhileMoving(session);
  const names = queue.jobQueueUrl === undefined ? await jobNames(target, sqs) : undefined;
  if (dryRun) {
    return await survey(session, selection, {
      verb: 'send back',
      refusal: (letter) => names && refusal(letter, names),
    });
  }
  const send =
    queue.jobQueueUrl === undefined
      ? publishToTopic(new SNSClient(target.clientConfig), target.topicArn, names ?? [])
      : sendToQueue(sqs, queue.jobQueueUrl);
  const tally = emptyTally();
  let isOver = false;
  using interrupt = onInterrupt('finishing the batches in hand');
  using progress = startProgress(`redriving ${queue.name}`, depth.waiting);
  try {
    await sendBack(sweptQueue(session), tally, {
      selection,
      send,
      signal: interrupt.signal,
      perSecond: rate,
      onProgress: ({ seen, redriven }) => progress.update(seen, { text: `, ${redriven} redriven` }),
    });
    isOver = true;
  } finally {
    progress[Symbol.dispose]();
    if (isOver || tally.selected > 0) report(tally, selection, session);
  }
  const isInterrupted = interrupt.signal.aborted;
  const { seen, redriven, failed, duplicates, diedAgain } = tally;
  // A job that died again did run, so its redrive succeeded. A message that is back in a safety net did not run.
  const cameBack = queue.jobQueueUrl === undefined ? diedAgain : 0;
  const problems = failed.length + duplicates + cameBack;
  return await endOf(session, { seen, removed: redriven, isInterrupted }, redriven > 0 && problems === 0);
}

function report(tally: Tally, selection: Selection, { queue, target }: Session): void {
  const { redriven, selected, seen, failed, undeleted, duplicates, diedAgain } = tally;
  const what = queue.jobQueueUrl === undefined ? 'message' : 'dead letter';
  printFailures(failed, 'not sent');
  if (duplicates > 0) {
    console.error(
      `${counted(duplicates, what)} went out and could not be deleted (a receipt handle that expired, or a call that ` +
        `failed): nothing is lost, but a message that is in both queues runs twice when it is redriven again. Discard by ` +
        `--id those that are still there: ${namesOf([...undeleted.values()])}`,
    );
  }
  if (diedAgain > 0) console.error(diedAgainText(diedAgain, queue));
  const ofSeen = `${redriven.toLocaleString('en')} of ${counted(seen, what)}`;
  if (redriven > 0 && queue.jobQueueUrl === undefined) {
    console.log(`published ${ofSeen} to ${lastPart(target.topicArn)} again`);
  } else if (redriven > 0) {
    console.log(`sent ${ofSeen} back to ${lastPart(queue.jobQueueUrl ?? '')}`);
  } else if (selected > 0) {
    console.error(`sent none of the ${counted(selected, what)} selected`);
  } else {
    console.error(`nothing to redrive: ${nothingSelected(tally, selection, queue)}`);
  }
}

function diedAgainText(count: number, { name, jobQueueUrl }: DeadLetterQueue): string {
  if (jobQueueUrl !== undefined)
    return `${counted(count, 'redriven job')} died again already, and stayed dead`;
  const why =
    name === 'undelivered'
      ? 'SNS still cannot deliver: dlq show undelivered says why'
      : 'a new job takes them once its filter applies, on AWS within 15 minutes';
  return `${counted(count, 'message')} came back to ${name} already, and stayed there: ${why}`;
}

function namesOf(letters: readonly Letter[]): string {
  const names = letters.slice(0, maxNames).map(({ jobId }) => oneLine(jobId, 100));
  const hidden = letters.length - names.length;
  return `${names.join(', ')}${hidden > 0 ? ` and ${hidden.toLocaleString('en')} more` : ''}`;
}

const maxNames = 20;
