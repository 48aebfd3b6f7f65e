// The response of a handler that streams: a POST to the Runtime API that stays open while the handler writes
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html). Loaded only by sandboxes whose handler streams.
import http from 'node:http';

let agent;

/**
 * `stream` is what the handler gets. `done` resolves when the response was taken; `fail` ends it with the error in its
 * trailers, also before the first write.
 */
export function openResponse({ host, port, path, highWaterMark, onError }) {
  // Not the agent of the other calls: the next event may be asked for while a response is on its way.
  agent ??= new http.Agent({ keepAlive: true, noDelay: true, highWaterMark });
  const headers = {
    'Lambda-Runtime-Function-Response-Mode': 'streaming',
    Trailer: [ERROR_TYPE, ERROR_BODY],
    'Content-Type': 'application/octet-stream',
    'Transfer-Encoding': 'chunked',
  };
  const request = http.request({ host, port, path, method: 'POST', agent, headers });
  const done = new Promise((resolve) => {
    request.on('response', (response) => response.resume().on('end', resolve));
  });
  request.on('error', onError);
  const fail = async (errorType, body) => {
    request.addTrailers({ [ERROR_TYPE]: errorType, [ERROR_BODY]: Buffer.from(body).toString('base64') });
    request.end();
    await done;
  };
  return { stream: writableOf(request), done, fail };
}

const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';

/** What AWS's runtime shows of the request: a Writable's methods and state, and nothing of HTTP. */
function writableOf(request) {
  let isWritten = false;
  const stream = {
    /** Before the first write only. */
    setContentType(contentType) {
      if (isWritten) {
        throw Object.assign(new Error('Cannot set content-type, too late.'), {
          name: 'Runtime.InvalidStreamingOperation',
        });
      }
      request.setHeader('Content-Type', contentType);
    },
    write(chunk, encoding, callback) {
      if (!isWritten) {
        isWritten = true;
        stream._onBeforeFirstWrite?.((data) => request.write(data));
      }
      const isData = typeof chunk === 'string' || chunk instanceof Uint8Array;
      return request.write(isData ? chunk : JSON.stringify(chunk), encoding, callback);
    },
    _onBeforeFirstWrite: undefined,
  };
  for (const name of METHODS) stream[name] = request[name].bind(request);
  for (const name of STATES) Object.defineProperty(stream, name, { get: () => request[name] });
  return stream;
}

const METHODS = [
  ...['end', 'destroy', 'cork', 'uncork', 'emit', 'on', 'once', 'off', 'addListener', 'removeListener'],
  ...['prependListener', 'prependOnceListener', 'removeAllListeners', 'setMaxListeners', 'getMaxListeners'],
  ...['listeners', 'rawListeners', 'listenerCount', 'eventNames'],
];

const STATES = [
  ...['writable', 'writableEnded', 'writableFinished', 'writableNeedDrain', 'writableHighWaterMark'],
  ...['writableLength', 'writableCorked', 'writableObjectMode', 'destroyed'],
];
