import type { App, Reply, Request } from './protocol.ts';

/**
 * Refuses the requests of AWS's other services. All clients of a sandbox have the engine's endpoint, and fauxqs would
 * take a path such as Lambda's for an object's and answer 200. To be installed before signatures are forgotten: they
 * alone tell the service.
 */
export function refuseUnservedServices(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    const service = signedService(request.headers);
    if (service === undefined || servedServices.has(service)) return done();
    refuse(service, request, reply);
  });
}

/** As signatures name them. */
const servedServices: ReadonlySet<string> = new Set(['sns', 'sqs', 's3', 'dynamodb', 'scheduler', 'sts']);

/** undefined for what is not signed, as S3's links and forms. */
function signedService({ authorization = '' }: { authorization?: string | undefined }): string | undefined {
  return /Credential=[^,\s]*\/([^/,\s]+)\/aws4_request/.exec(authorization)?.[1];
}

/** 501 is not retried by SDKs. */
function refuse(service: string, request: Request, reply: Reply): void {
  const message = `${service} does not run locally: here are SNS, SQS, S3, DynamoDB, EventBridge Scheduler and STS. Skip the call, or give its client an endpoint of its own (AWS_ENDPOINT_URL_<SERVICE>, or the option endpoint).`;
  reply.status(501);
  if (isForm(request)) {
    reply.type('text/xml').send(queryError(message));
  } else {
    reply.header('x-amzn-errortype', code);
    reply.type('application/json').send(JSON.stringify({ __type: code, message }));
  }
}

const code = 'NotImplemented';

/** The Query protocol's requests are forms and its answers XML; all others but S3 speak JSON, by whatever protocol. */
function isForm({ headers }: Request): boolean {
  return String(headers['content-type']).startsWith('application/x-www-form-urlencoded');
}

function queryError(message: string): string {
  const text = message.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<ErrorResponse><Error><Type>Receiver</Type><Code>${code}</Code><Message>${text}</Message></Error></ErrorResponse>`;
}
