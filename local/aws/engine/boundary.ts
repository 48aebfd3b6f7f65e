import { mayCall } from '../http/cors.ts';
import type { Buckets } from './buckets.ts';
import { deliver } from './delivery.ts';
import { installDynamo, isForDynamo } from './dynamo.ts';
import { EngineError } from './errors.ts';
import { type Faults, installFaults } from './faults.ts';
import type { FauxqsInternals, FauxqsStores } from './fauxqs.ts';
import { cameByNetwork, isLocalHost } from './loopback.ts';
import { noteMessageGroup } from './messageGroups.ts';
import type { MessageMoves } from './messageMove.ts';
import { type App, sendError, sqsAction } from './protocol.ts';
import { checkPublishBatch } from './publishBatch.ts';
import { type AcceptedPublish, acceptedPublishes } from './publishes.ts';
import { checkPublish } from './publishRules.ts';
import { correctReceivedMessages } from './receivedMessages.ts';
import { bucketOf, installS3 } from './s3Requests.ts';
import { installScheduler, isForScheduler, type SchedulerApi } from './scheduler.ts';
import { checkSend, checkSendBatch, tellRefusals } from './sendRules.ts';
import { queueOf, subscribed, unsubscribed } from './stores.ts';
import { entriesOf, scaleSqsRequest } from './timeScale.ts';
import { deadLetterUndelivered } from './undelivered.ts';
import { refuseUnservedServices } from './unservedServices.ts';

interface Boundary {
  stores: FauxqsStores;
  internals: FauxqsInternals;
  speed: number;
  buckets: Buckets;
  moves: MessageMoves;
  workerQueues: ReadonlySet<string>;
  faults(): Faults | undefined;
  scheduler(): SchedulerApi | undefined;
  published(publish: AcceptedPublish): void;
}

/**
 * What every request passes on its way into fauxqs and back, from the network or from this process: who may ask,
 * injected faults, scaled time, and the places where fauxqs differs from AWS.
 */
export function installBoundary(app: App, boundary: Boundary): void {
  refuseForeignRequests(app, boundary);
  refuseUnservedServices(app);
  forgetSignatures(app);
  installFaults(app, () => boundary.faults());
  installDynamo(app);
  installScheduler(app, () => boundary.scheduler());
  installS3(app, boundary.buckets, boundary.stores.s3Store);
  answerErrorsLikeAws(app);
  prepareRequests(app, boundary);
  answerMessageMoves(app, boundary);
  correctSendBatches(app);
  correctReceivedMessages(app, boundary.stores);
  deliverPublishes(app, boundary);
}

/** Pages of other sites may use a bucket whose CORS rules name them. */
function refuseForeignRequests(app: App, { buckets }: Boundary): void {
  app.addHook('onRequest', (request, reply, done) => {
    const rules = buckets.corsRules(bucketOf(request.url));
    const isRefused = !isLocalHost(request.raw) || !mayCall(request.headers.origin, rules);
    if (cameByNetwork(request.raw) && isRefused) {
      reply.status(403).send({
        message: 'This is a local endpoint: use http://127.0.0.1 or http://localhost as the host.',
      });
      return;
    }
    done();
  });
}

/** They tell which region a client signed for: the engine has one, and any client may use it. */
function forgetSignatures(app: App): void {
  app.addHook('onRequest', ({ headers }, _reply, done) => {
    if (!isForDynamo(headers) && !isForScheduler(headers)) delete headers.authorization;
    done();
  });
}

function answerErrorsLikeAws(app: App): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const malformed = [SyntaxError, TypeError, RangeError].some((type) => error instanceof type);
    const code =
      error instanceof EngineError ? error.code : malformed ? 'SerializationException' : 'InternalFailure';
    const status =
      error instanceof EngineError ? error.status : (error.statusCode ?? (malformed ? 400 : 500));
    sendError(request, reply, { status, code, message: error.message });
  });
}

function prepareRequests(app: App, { stores, speed, workerQueues }: Boundary): void {
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.method !== 'POST' || request.url !== '/') return done();
    const body = request.body as Record<string, string>;
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new EngineError('SerializationException', 'The request must be a structure.');
    }
    const action = sqsAction(request.headers);
    if (action) {
      scaleSqsRequest(action, body, stores.sqsStore, speed, workerQueues);
      prepareSend(action, body);
      // Counts must not include in-flight messages whose visibility timeout ended: fauxqs looks only on receive.
      if (action === 'GetQueueAttributes') queueOf(body, stores)?.processTimers();
    } else if (body.Action === 'Publish' || body.Action === 'PublishBatch') {
      preparePublish(body.Action, body);
    }
    done();
  });
}

function prepareSend(action: string, body: object): void {
  if (action === 'SendMessage') {
    checkSend(body);
    noteMessageGroup(body);
  } else if (action === 'SendMessageBatch') {
    const entries = entriesOf(body);
    checkSendBatch(body, entries);
    entries.forEach(noteMessageGroup);
  }
}

/** What fauxqs accepts is delivered by `deliverPublishes`. */
function preparePublish(action: 'Publish' | 'PublishBatch', body: Record<string, string>): void {
  if (action === 'Publish') checkPublish(body);
  else checkPublishBatch(body);
  const topicArn = body.TopicArn || body.TargetArn;
  if (topicArn) body.TopicArn = unsubscribed(topicArn);
}

/** Redrive actions, which fauxqs does not know. */
function answerMessageMoves(app: App, { moves }: Boundary): void {
  app.addHook('preHandler', (request, reply, done) => {
    const action = sqsAction(request.headers);
    const answer = action && moves.answer(action, request.body as Record<string, unknown>);
    if (answer) reply.type('application/x-amz-json-1.0').send(JSON.stringify(answer));
    else done();
  });
}

function correctSendBatches(app: App): void {
  app.addHook('preSerialization', (request, _reply, payload, done) => {
    if (sqsAction(request.headers) === 'SendMessageBatch') {
      const { Failed = [] } = (payload ?? {}) as { Failed?: [] };
      tellRefusals(request.body as object, Failed);
    }
    done(null, payload);
  });
}

function deliverPublishes(app: App, { stores, internals, published }: Boundary): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const body = request.body as Record<string, string> | undefined;
    const isPublish = body?.Action === 'Publish' || body?.Action === 'PublishBatch';
    if (isPublish && request.url === '/' && reply.statusCode === 200 && typeof payload === 'string') {
      const named = { ...body, TopicArn: subscribed(body.TopicArn ?? '') };
      for (const publish of acceptedPublishes(named, payload)) {
        deliver(publish, stores, internals);
        deadLetterUndelivered(publish, stores, internals);
        published(publish);
      }
    }
    done(null, payload);
  });
}
