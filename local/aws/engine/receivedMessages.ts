import type { FauxqsStores, Queue, StoredMessage } from './fauxqs.ts';
import { cameByNetwork } from './loopback.ts';
import { type App, sqsAction } from './protocol.ts';
import { queueOf } from './stores.ts';

/**
 * What ReceiveMessage answers, as SQS does: only the attributes that were asked for, the queue whose redrive policy
 * moved a message, and nothing to a caller who has gone.
 */
export function correctReceivedMessages(app: App, stores: FauxqsStores): void {
  app.addHook('preSerialization', (request, _reply, payload, done) => {
    const messages = (payload as Received | undefined)?.Messages;
    if (!messages || sqsAction(request.headers) !== 'ReceiveMessage') return done(null, payload);
    const body = request.body as ReceiveRequest;
    if (asksForSource(body)) addSources(queueOf(body, stores), messages);
    if (cameByNetwork(request.raw) && request.raw.socket.destroyed) {
      putBack(queueOf(body, stores), messages);
    }
    if (!body.MessageAttributeNames?.length) {
      // SQS returns only the attributes that were asked for.
      for (const message of messages) {
        delete message.MessageAttributes;
        delete message.MD5OfMessageAttributes;
      }
    }
    done(null, payload);
  });
}

interface Received {
  Messages?: ReceivedMessage[];
}

interface ReceivedMessage {
  ReceiptHandle: string;
  Attributes?: Record<string, string>;
  MessageAttributes?: object;
  MD5OfMessageAttributes?: string;
}

interface ReceiveRequest {
  readonly QueueUrl: string;
  readonly MessageAttributeNames?: readonly string[];
  readonly MessageSystemAttributeNames?: readonly string[];
  /** The older name. */
  readonly AttributeNames?: readonly string[];
}

function asksForSource({ MessageSystemAttributeNames = [], AttributeNames = [] }: ReceiveRequest): boolean {
  const asked = [...MessageSystemAttributeNames, ...AttributeNames];
  return asked.includes('All') || asked.includes('DeadLetterQueueSourceArn');
}

/** Of the messages that a redrive policy moved. */
function addSources(queue: Queue | undefined, messages: readonly ReceivedMessage[]): void {
  for (const received of messages) {
    const message: StoredMessage | undefined = queue?.inflightMessages.get(received.ReceiptHandle)?.message;
    const arn = message?.deadLetterSourceArn;
    if (arn !== undefined) received.Attributes = { ...received.Attributes, DeadLetterQueueSourceArn: arn };
  }
}

/** A long poll whose caller has gone would swallow what arrives later: those messages were never received. */
function putBack(queue: Queue | undefined, messages: { ReceiptHandle: string }[]): void {
  for (const { ReceiptHandle } of messages) {
    const message = queue?.inflightMessages.get(ReceiptHandle)?.message;
    if (message) message.approximateReceiveCount--;
    queue?.changeVisibility(ReceiptHandle, 0);
  }
}
