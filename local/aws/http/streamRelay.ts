import type { ServerResponse } from 'node:http';
import type { ResponseStream } from '../lambda/runtimeApi.ts';
import { MalformedResponseError, type ResponseHead, responseHead } from './proxyResponse.ts';

/** A function's stream on its way to the client. */
export interface StreamRelay {
  /** Ends the answer of a function that is done. @throws {MalformedResponseError} when it never got to a head */
  end(): void;
}

const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const DELIMITER = Buffer.alloc(8);
/** Far above any head that a client would take. */
const MAX_PRELUDE_BYTES = 131_072;

/**
 * Passes a stream on as it comes, as fast as the client takes it. The head is sent with the first chunk, so that a
 * function that fails before can still be answered with an error. When the client goes away the function is not told,
 * as on AWS: it runs to its end, and what it writes is thrown away.
 * @param sendHead writes status and headers
 */
export function relayStream(
  { contentType, body }: ResponseStream,
  response: ServerResponse,
  sendHead: (head: ResponseHead) => void,
): StreamRelay {
  const hasPrelude = contentType === PRELUDE_TYPE;
  let held: Buffer = Buffer.alloc(0);
  let failure: unknown;
  body.on('error', () => {}); // the invocation's result says why it broke off
  body.on('data', onData);
  response.on('close', throwAway);
  if (response.destroyed) throwAway();

  function onData(chunk: Buffer): void {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    try {
      const rest = hasPrelude
        ? afterPrelude()
        : beginWith({ status: 200, headers: { 'content-type': contentType } });
      if (!rest) return;
      body.off('data', onData);
      if (response.destroyed) {
        body.resume();
        return;
      }
      body.pause();
      if (rest.length > 0) response.write(rest);
      body.pipe(response, { end: false });
    } catch (error) {
      failure = error; // thrown here, nobody would catch it
      throwAway();
    }
  }

  /** Undefined until the prelude is there. */
  function afterPrelude(): Buffer | undefined {
    const end = held.indexOf(DELIMITER);
    if (end < 0 && held.length <= MAX_PRELUDE_BYTES) return undefined;
    const prelude = end < 0 ? undefined : parsed(held.subarray(0, end));
    if (prelude === undefined) {
      throw new MalformedResponseError('the stream does not begin with a JSON object and eight NUL bytes');
    }
    held = held.subarray(end + DELIMITER.length);
    return beginWith(responseHead(prelude));
  }

  function beginWith(head: ResponseHead): Buffer {
    sendHead(head);
    return held;
  }

  function throwAway(): void {
    body.off('data', onData);
    body.unpipe(response);
    body.resume();
  }

  return {
    end: () => {
      if (failure) throw failure;
      if (!response.headersSent && hasPrelude) {
        throw new MalformedResponseError(
          'the stream ended before its first write, which sends status and headers',
        );
      }
      if (!response.headersSent) sendHead({ status: 200, headers: { 'content-type': contentType } });
      response.end();
    },
  };
}

function parsed(json: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(json.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
