// Loaded into the processes of MiniStack's functions, which have no `awslambda` and no `authorizer.iam`: see gaps.ts.
const { Writable } = require('node:stream');

globalThis.awslambda = {
  /** Lambda streams what the handler writes; here it is one response, once the handler has ended it. */
  streamifyResponse: (handler) => async (event, context) => {
    const authorizer = { iam: { userArn: 'checked by MiniStack, which let the request in' } };
    const request = { ...event, requestContext: { ...event.requestContext, authorizer } };
    const chunks = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(Buffer.from(chunk));
        done();
      },
    });
    const finished = new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject));
    await handler(request, stream, context);
    await finished;
    // As Lambda frames it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
    return `${JSON.stringify(stream.prelude)}${'\0'.repeat(8)}${Buffer.concat(chunks)}`;
  },
  HttpResponseStream: { from: (stream, prelude) => Object.assign(stream, { prelude }) },
};
