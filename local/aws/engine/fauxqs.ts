import type { BuildAppOptions } from 'fauxqs';

/**
 * fauxqs takes its stores through `buildApp({ stores })` but does not export their classes, so they are loaded by
 * file. The version is pinned in package.json; a move of these files fails at start, not in silence.
 */
export interface FauxqsInternals {
  SqsStore: {
    new (): SqsStore;
    createMessage(
      body: string,
      attributes: MessageAttributes,
      delaySeconds?: number,
      groupId?: string,
    ): StoredMessage;
    contentBasedDeduplicationId(body: string): string;
  };
  SnsStore: new () => SnsStore;
  S3Store: new () => FauxqsStores['s3Store'];
  fanOutToSubscriptions(delivery: object): void;
  md5OfMessageAttributes(attributes: MessageAttributes): string;
}

export type FauxqsStores = NonNullable<BuildAppOptions['stores']>;
export type SqsStore = FauxqsStores['sqsStore'];
export type SnsStore = FauxqsStores['snsStore'];
export type Queue = NonNullable<ReturnType<SqsStore['getQueueByName']>>;
export type MessageAttributes = Record<
  string,
  { DataType: string; StringValue?: string; BinaryValue?: string }
>;
/**
 * A message as fauxqs holds it. Added by `stores.ts`: when it came into the queue it is in, that queue, and the one
 * whose redrive policy moved it there.
 */
export type StoredMessage = Queue['messages'][number] & {
  enteredAtMs?: number;
  queueArn?: string;
  deadLetterSourceArn?: string;
};
/** A received message; `ownDeadlineMs` and `heldUntilMs` are added by `hold.ts`. */
export type InFlight = NonNullable<ReturnType<Queue['inflightMessages']['get']>> & {
  ownDeadlineMs?: number;
  heldUntilMs?: number;
};

export async function loadFauxqsInternals(): Promise<FauxqsInternals> {
  const dist = import.meta.resolve('fauxqs');
  const load = (path: string) => import(new URL(path, dist).href);
  const [sqs, sns, s3, publish, md5] = await Promise.all([
    load('sqs/sqsStore.js'),
    load('sns/snsStore.js'),
    load('s3/s3Store.js'),
    load('sns/actions/publish.js'),
    load('common/md5.js'),
  ]);
  return { ...sqs, ...sns, ...s3, ...publish, ...md5 };
}
