// The runtime inside a sandbox: it loads the handler and speaks the documented Lambda Runtime API, as AWS's runtime
// interface client for Node 24 does (names of errors, `trace`, exit codes). Plain JavaScript, because every sandbox
// starts with this file and stripping types would cost it milliseconds.
import { existsSync } from 'node:fs';
import http from 'node:http';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nameProjectFiles } from './stackFrames.mjs';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, noDelay: true });
/** How the runtime knows a handler that streams. */
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
let requestId;
let dying = false;

process.on('uncaughtException', (error) => dieOf(error, 129));
process.on('unhandledRejection', (reason) => {
  const error = namedError('Runtime.UnhandledPromiseRejection', String(reason));
  if (reason instanceof Error) error.stack = reason.stack;
  return dieOf(error, 128);
});
exitWithThePlatform();
nameProjectFiles(process.env.LAMBDA_TASK_ROOT);
provideAwsSdk();
globalThis.awslambda = {
  ...globalThis.awslambda,
  streamifyResponse,
  HttpResponseStream: { from: withPrelude },
};
await serve();

async function serve() {
  let handler;
  try {
    handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
  } catch (error) {
    await initFailed(error);
  }
  let invocation = await next();
  while (handler[STREAMING] === 'response') {
    await runStreaming(handler, invocation);
    if (dying) return;
    invocation = await next();
  }
  for (;;) {
    const outcome = await run(handler, invocation);
    if (dying) return; // the process reports why it dies, then exits
    const answered = answer(outcome);
    // The next event is asked for while the answer is on its way: the API holds it back until the answer is in.
    const following = next();
    await answered;
    invocation = await following;
  }
}

async function run(handler, { headers, body }) {
  requestId = headers['lambda-runtime-aws-request-id'];
  process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';
  try {
    return { kind: 'response', body: stringify(await handler(JSON.parse(body), contextOf(headers))) };
  } catch (error) {
    logError('Invoke Error', error);
    return { kind: 'error', ...formatted(error) };
  }
}

/** A handler that streams answers while it runs, and is done when its stream is. */
async function runStreaming(handler, { headers, body }) {
  const { openResponse } = await import('./responseStream.mjs');
  requestId = headers['lambda-runtime-aws-request-id'];
  process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';
  const path = `/2018-06-01/runtime/invocation/${requestId}/response`;
  const highWaterMark = handler[HIGH_WATER_MARK];
  const response = openResponse({ host, port, path, highWaterMark, onError: () => process.exit(1) });
  try {
    const returned = handler(JSON.parse(body), response.stream, contextOf(headers));
    if (typeof returned?.then !== 'function') {
      throw new Error('Streaming does not support non-async handlers.');
    }
    if ((await returned) !== undefined) console.warn('Streaming handlers ignore return values.');
    await response.done;
  } catch (error) {
    if (dying) return;
    logError('Invoke Error', error);
    const { errorType, body } = formatted(error);
    await response.fail(headerValue(errorType), body);
  }
  requestId = undefined;
}

function contextOf(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: requestId,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

function stringify(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch (cause) {
    throw namedError('Runtime.JSONStringifyError', 'Unable to stringify response body', cause);
  }
}

// ---- response streaming: the `awslambda` of AWS's Node runtime

function streamifyResponse(handler, options) {
  handler[STREAMING] = 'response';
  if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = options.highWaterMark;
  return handler;
}

/** Status, headers and cookies go ahead of the first write: as JSON, then eight NUL bytes. */
function withPrelude(stream, prelude) {
  stream.setContentType('application/vnd.awslambda.http-integration-response');
  const json = JSON.stringify(prelude);
  stream._onBeforeFirstWrite = (write) => {
    write(json);
    write(Buffer.alloc(8));
  };
  return stream;
}

// ---- the handler

async function loadHandler(taskRoot, name) {
  const [, path, exported] = /^(.*?[^/.][^/]*?)\.([^/]+)$/.exec(name ?? '') ?? [];
  if (!exported || name.includes('..')) {
    throw namedError('Runtime.MalformedHandlerName', `'${name}' is not a valid handler name.`);
  }
  const module = await importModule(resolve(taskRoot, path), path);
  const find = (from) => exported.split('.').reduce((value, key) => value?.[key], from);
  const handler = find(module) ?? find(module.default);
  if (handler === undefined) {
    throw namedError('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  }
  if (typeof handler !== 'function') throw namedError('Runtime.HandlerNotFound', `${name} is not a function`);
  if (handler.length >= 3 && handler[STREAMING] === undefined) {
    throw namedError(
      'Runtime.CallbackHandlerDeprecated',
      'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. ' +
        'Use an async handler, or return a promise.',
    );
  }
  return handler;
}

async function importModule(path, name) {
  const file = ['', '.js', '.mjs', '.cjs']
    .map((extension) => path + extension)
    .find((file) => existsSync(file));
  if (!file) throw namedError('Runtime.ImportModuleError', `Error: Cannot find module '${name}'`);
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const named = namedError('Runtime.UserCodeSyntaxError', String(error), error);
      named.stack = error.stack;
      throw named;
    }
    if (error?.code === 'MODULE_NOT_FOUND') {
      throw namedError('Runtime.ImportModuleError', String(error), error);
    }
    throw error;
  }
}

/** Bundles leave the AWS SDK out because Lambda's runtime carries it; here it is this project's own. */
function provideAwsSdk() {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        if (!/^@(aws-sdk|smithy|aws)\//.test(specifier)) throw error;
        return nextResolve(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}

// ---- the Runtime API

function next() {
  return call('GET', '/2018-06-01/runtime/invocation/next');
}

function answer({ kind, body, errorType }) {
  const path = `/2018-06-01/runtime/invocation/${requestId}/${kind}`;
  const headers = errorType && { 'Lambda-Runtime-Function-Error-Type': headerValue(errorType) };
  requestId = undefined;
  return call('POST', path, body, headers);
}

function call(method, path, body = '', headers = {}) {
  return new Promise((done) => {
    const length = Buffer.byteLength(body);
    const request = http.request(
      { host, port, method, path, agent, headers: { ...headers, 'Content-Length': length } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => done({ headers: response.headers, body: text }));
      },
    );
    // Without its Runtime API a sandbox has nothing left to do.
    request.on('error', () => process.exit(1));
    request.end(body);
  });
}

/** A platform that was killed could not take its sandboxes with it, but their standard input ends. */
function exitWithThePlatform() {
  // Not a Socket of its own on fd 0: a bundle that touches process.stdin would find the descriptor taken.
  const { stdin } = process;
  stdin.on('error', () => {});
  stdin.on('close', () => process.exit(1));
  stdin.resume();
  stdin.unref();
}

// ---- errors

async function initFailed(error) {
  logError('Init Error', error);
  const { body, errorType } = formatted(error);
  const headers = { 'Lambda-Runtime-Function-Error-Type': headerValue(errorType) };
  await call('POST', '/2018-06-01/runtime/init/error', body, headers);
  process.exit(1);
}

async function dieOf(error, exitCode) {
  if (dying) return; // the first reason is being reported
  dying = true;
  logError(exitCode === 128 ? 'Unhandled Promise Rejection' : 'Uncaught Exception', error);
  if (requestId) await answer({ kind: 'error', ...formatted(error) });
  process.exit(exitCode);
}

function formatted(error) {
  const isError = error instanceof Error;
  const errorType = isError ? String(error.name) : typeof error;
  const errorMessage = isError ? String(error.message) : String(error);
  const trace = isError && typeof error.stack === 'string' ? error.stack.split('\n') : [];
  return { errorType, body: JSON.stringify({ errorType, errorMessage, trace }) };
}

function logError(what, error) {
  const line = `${new Date().toISOString()}\t${requestId ?? 'undefined'}\tERROR\t${what}\t${formatted(error).body}`;
  process.stderr.write(`${line}\n`);
}

function namedError(name, message, cause) {
  const error = new Error(message, { cause });
  error.name = name;
  return error;
}

/** What HTTP allows in a header: an error may be named anything. */
function headerValue(text) {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
